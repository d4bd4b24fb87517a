# SPDX-License-Identifier: Apache-2.0
"""Who calls: the request's signature, its clock, and that it was not sent before.

All of it is done inside the transaction of the call: the nonce is used up together with the audit
record, so a recorded request cannot be sent a second time, not even after a restart.
"""

from sqlalchemy import Connection

from sidecar.kms.accounts import Directory
from sidecar.kms.api.products import PRODUCTS
from sidecar.kms.audit import Event
from sidecar.kms.faults import Fault
from sidecar.kms.request import Received
from sidecar.kms.store import nonces
from sidecar.signing import WINDOW_SECONDS, NonceUsed, Request, SignatureFailure, Signed, verify


class Authentication:
    """Proves callers of one region; `directory` knows them."""

    def __init__(self, directory: Directory, region: str) -> None:
        self._directory = directory
        self._region = region
        self._forgot_at = 0

    def admit(self, connection: Connection, received: Received, event: Event) -> Signed:
        """What was signed, with the caller in `event`; raise Fault where nothing is proven."""
        try:
            return self._admit(connection, received, event)
        except SignatureFailure as failure:
            raise Fault.unsigned(failure) from failure

    def _admit(self, connection: Connection, received: Received, event: Event) -> Signed:
        request = Request.from_wire(
            received.method, received.target, received.headers, received.body
        )
        event.action = _claimed_action(request)

        def find_secret(access_key_id: str) -> str | None:
            event.claimed = self._directory.find(access_key_id)
            return event.claimed.access_key.secret if event.claimed else None

        signed = verify(request, find_secret, now=event.now)
        event.caller, event.action = event.claimed, signed.action
        self._check_scope(request, signed, event)
        self._use_nonce(connection, signed, event.now)
        return signed

    def _check_scope(self, request: Request, signed: Signed, event: Event) -> None:
        """What was signed is meant for an API of here, in this region, and for what it answers."""
        product = PRODUCTS.get(signed.version)
        if product is None:
            raise Fault(400, "InvalidVersion", "Specified parameter Version is not valid.")
        event.service, event.api_version = product.name, product.version
        if signed.security_token is not None:
            # There are no temporary access keys here, so no token can belong to this one.
            raise Fault(
                400, "InvalidSecurityToken.MismatchWithAccessKey", "There are no session tokens."
            )
        scope = signed.scope
        if scope and (
            scope.product.lower() != product.name.lower() or scope.region != self._region
        ):
            raise Fault(
                400, "IncompleteSignature", "The signature is for another service or region."
            )
        if request.parameters.get("Format", "JSON").upper() != "JSON":
            raise Fault.unsupported_operation("A Format other than JSON")

    def _use_nonce(self, connection: Connection, signed: Signed, now: int) -> None:
        try:
            nonces.use(connection, signed.access_key_id, signed.nonce, now)
        except nonces.NonceUsedError:
            raise NonceUsed from None
        if now - self._forgot_at >= WINDOW_SECONDS:
            # A time stamp may be one window ahead of ours and counts for one window after that.
            nonces.forget(connection, before=now - 2 * WINDOW_SECONDS)
            self._forgot_at = now


def _claimed_action(request: Request) -> str:
    header = request.find_header(b"x-acs-action")
    return header.decode("latin-1") if header else request.parameters.get("Action", "")
