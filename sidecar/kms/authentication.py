# SPDX-License-Identifier: Apache-2.0
"""Who calls: the request's signature, its clock, and that it was not sent before.

All of it is done inside the transaction of the call: the nonce is used up together with the audit
record, so a recorded request cannot be sent a second time, not even after a restart. Where the
clock is set back, requests as old as nonces that were forgotten are refused as well, until the
process ends: a clock that was wrong for long is set right by a restart.
"""

import hmac
from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from sidecar.hsm import Token
from sidecar.kms.api.products import PRODUCTS, Product
from sidecar.kms.audit import Event
from sidecar.kms.faults import Fault
from sidecar.kms.ram.caller import Caller, digest_of
from sidecar.kms.ram.directory import Directory
from sidecar.kms.regions import Regions
from sidecar.kms.request import Received
from sidecar.kms.store import nonces
from sidecar.signing import WINDOW_SECONDS, NonceUsed, Request, SignatureFailure, Signed, verify
from sidecar.signing.failures import ExpiredTimestamp, UnknownAccessKey


class Admitted(NamedTuple):
    """What may be acted on: what the caller signed, or what an unsigned call asks."""

    product: Product
    action: str
    parameters: Mapping[str, str]


class Authentication:
    """Proves callers, whom `directory` knows, and finds out which of the regions they mean."""

    def __init__(self, directory: Directory, regions: Regions) -> None:
        self._directory = directory
        self._regions = regions
        self._forgot_at = 0
        self._forgotten = 0
        """Nonces of requests up to this time are known no more."""

    def admit(
        self, connection: Connection, token: Token, received: Received, event: Event
    ) -> Admitted:
        """What is asked, with the caller in `event`; raise Fault where nothing is proven."""
        try:
            return self._admit(connection, token, received, event)
        except SignatureFailure as failure:
            raise Fault.unsigned(failure) from failure

    def admit_again(self, connection: Connection, token: Token, event: Event) -> None:
        """The caller as it stands now, of a call that had to wait; raise Fault where it is gone."""
        if event.caller is None:
            return
        try:
            caller = self._directory.find(connection, token, event.caller.access_key.id)
            if caller is None:
                raise UnknownAccessKey
        except SignatureFailure as failure:
            raise Fault.unsigned(failure) from failure
        event.caller = caller
        _check_end(caller, event.now)

    def _admit(
        self, connection: Connection, token: Token, received: Received, event: Event
    ) -> Admitted:
        request = Request.from_wire(
            received.method, received.target, received.headers, received.body
        )
        event.action = _claimed(request, b"x-acs-action", "Action")
        if (unsigned := _find_unsigned(request, event)) is not None:
            return unsigned

        def find_secret(access_key_id: str) -> str | None:
            event.claimed = self._directory.find(connection, token, access_key_id)
            return event.claimed.access_key.secret if event.claimed else None

        signed = verify(request, find_secret, now=event.now)
        event.caller, event.action = event.claimed, signed.action
        product = _product(signed.version, event)
        _check_scope(signed, product)
        event.region = self._regions.choose(request, signed)
        _check_format(request)
        _check_session(event.caller, signed, event.now)
        self._use_nonce(connection, signed, event.now)
        return Admitted(product, signed.action, signed.parameters)

    def _use_nonce(self, connection: Connection, signed: Signed, now: int) -> None:
        if signed.time <= self._forgotten:  # our clock was set back: it may be a replay
            raise ExpiredTimestamp
        try:
            nonces.use(connection, signed.access_key_id, signed.nonce, int(signed.time))
        except nonces.NonceUsedError:
            raise NonceUsed from None
        if abs(now - self._forgot_at) >= WINDOW_SECONDS:
            # One window would do, as long as clocks are not set back.
            forgotten = nonces.forget(connection, before=now - 2 * WINDOW_SECONDS)
            self._forgotten = max(self._forgotten, forgotten or 0)
            self._forgot_at = now


def _check_scope(signed: Signed, product: Product) -> None:
    """An ACS4 signature is meant for this API."""
    if signed.scope and signed.scope.product.lower() != product.name.lower():
        raise Fault.other_scope()


def _find_unsigned(request: Request, event: Event) -> Admitted | None:
    """A call that needs no signature and has none: its parameters prove who calls."""
    if request.find_header(b"authorization") is not None:
        return None
    parameters = request.parameters
    if "Signature" in parameters or "AccessKeyId" in parameters:
        return None
    product = PRODUCTS.get(_claimed(request, b"x-acs-version", "Version"))
    action = product.actions.get(event.action) if product else None
    if product is None or action is None or not action.is_unsigned:
        return None
    event.service, event.api_version = product.name, product.version
    _check_format(request)
    return Admitted(product, action.name, parameters)


def _product(version: str, event: Event) -> Product:
    product = PRODUCTS.get(version)
    if product is None:
        raise Fault(400, "InvalidVersion", "Specified parameter Version is not valid.")
    event.service, event.api_version = product.name, product.version
    return product


def _check_format(request: Request) -> None:
    if request.parameters.get("Format", "JSON").upper() != "JSON":
        raise Fault.unsupported_operation("A Format other than JSON")


def _check_session(caller: Caller | None, signed: Signed, now: int) -> None:
    """The security token is the one that the access key was made with, and has not ended."""
    session = caller.session if caller else None
    given = signed.security_token
    if session is None and given is None:
        return
    if given is None:
        raise Fault(400, "MissingSecurityToken", "SecurityToken is mandatory for this action.")
    if session is None or not hmac.compare_digest(digest_of(given), session.token_digest):
        raise Fault(
            400,
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        )
    _check_end(caller, now)


def _check_end(caller: Caller | None, now: int) -> None:
    if caller and caller.session and now >= caller.session.expires_at:
        raise Fault(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")


def _claimed(request: Request, header: bytes, parameter: str) -> str:
    """What the request says of itself, in a header or else in a parameter."""
    value = request.find_header(header)
    return value.decode("latin-1") if value else request.parameters.get(parameter, "")
