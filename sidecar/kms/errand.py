# SPDX-License-Identifier: Apache-2.0
"""The one line that every call goes along: authenticate → authorise → act → audit → answer.

`admit` and `act` are done inside a transaction, `audit.Trail` writes the record, and the engine
answers.
"""

import dataclasses
import logging
import uuid
from dataclasses import dataclass, field

from sqlalchemy import Connection

from sidecar.hsm import BadCiphertext, HsmUnavailable, KeyMissing, Token
from sidecar.kms.accounts import Account
from sidecar.kms.api.action import DRY_RUN, Action, Answer, Call
from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.api.parameters import Arguments
from sidecar.kms.api.products import Product
from sidecar.kms.audit import Event
from sidecar.kms.authentication import Admitted, Authentication
from sidecar.kms.authorization import authorize
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Throttle
from sidecar.kms.policy import RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.directory import Directory
from sidecar.kms.regions import Regions
from sidecar.kms.request import Received
from sidecar.kms.service.names import Place
from sidecar.kms.store import Shelf

logger = logging.getLogger(__name__)

NOBODY = Account("", ())
"""The account of a call that is not signed: it owns nothing."""


@dataclass(slots=True)
class Errand:
    """One call on its way through its transaction."""

    received: Received
    event: Event
    regions: Regions
    directory: Directory
    authentication: Authentication
    throttle: Throttle
    token: Token = field(init=False)
    """Of the round."""
    admitted: Admitted | None = None
    is_counted: bool = False
    refused: Fault | None = None
    """What was waited for did not come."""

    def admit(self, connection: Connection) -> None:
        if self.admitted is None:
            self.admitted = self.authentication.admit(
                connection, self.token, self.received, self.event
            )
        else:  # the call was postponed, and its nonce is used already
            self.authentication.admit_again(connection, self.token, self.event)

    def act(self, connection: Connection) -> Answer:
        if self.refused is not None:
            raise self.refused
        admitted, caller = self.admitted, self.event.caller
        if admitted is None:
            raise Fault.internal()
        product = admitted.product
        action = _find_action(product, admitted.action)
        self.event.is_write = action.is_write
        if caller is not None and not self.is_counted:
            self.is_counted = True
            self._count(caller.account, action)
        common = (DRY_RUN,) if product.has_dry_run else ()
        arguments = Arguments((*action.parameters, *common), admitted.parameters)
        self.event.parameters = arguments.audited
        call = self._call(connection, caller, arguments)
        is_dry_run = product.has_dry_run and call[DRY_RUN]
        try:
            self._check(call, product, action)
        except Fault as fault:
            if is_dry_run:
                raise Fault.dry_run_refusal(fault) from fault
            raise
        if is_dry_run:
            raise Fault.dry_run_passed()
        answer = _act(action, call)
        outcome = action.told(answer)
        if caller is None:  # only now it is known whose call it was
            self._count(self.directory.accounts[outcome["AccountId"]], action)
        self.event.outcome = outcome
        self.event.key_id = self.event.outcome.get("KeyId", self.event.key_id)
        return answer

    def _count(self, account: Account, action: Action) -> None:
        limit = account.rates.of(action.rate)
        self.throttle.admit(account.id, action.rate, limit, self.event.now)

    def _call(self, connection: Connection, caller: Caller | None, arguments: Arguments) -> Call:
        account = caller.account if caller else NOBODY
        return Call(
            place=Place(self.event.region, account.id),
            arguments=arguments,
            connection=connection,
            shelf=Shelf(connection, account.id, self.event.region),
            token=self.token,
            quotas=account.quotas,
            regions=self.regions.served,
            now=self.event.now,
            new_id=lambda: str(uuid.uuid4()),
            origin=RequestFacts(self.received.source_ip, self.event.now, self.received.is_secure),
            directory=self.directory,
            caller=caller,
        )

    def _check(self, call: Call, product: Product, action: Action) -> None:
        """All that may refuse the call; what it is about must be there, in the right state."""
        call.target = target = action.target(call)
        self.event.key_id = target.cmk.key_id if target.cmk else None
        for one in target.every():
            if action.asks_ram and not action.is_unsigned:
                if call.caller is None:
                    raise Fault.internal()
                told = KeyFacts({**action.facts(call), **one.facts}, call.connection, one.cmk)
                facts = dataclasses.replace(call.origin, kms=told)
                authorize(call.caller, one.right or product.right(action), one, facts)
            if one.missing is not None:
                raise one.missing
            if one.cmk is not None:
                action.states(one.cmk.state)
        action.check(call)


def _find_action(product: Product, name: str) -> Action:
    if name in product.deferred:
        raise Fault.unsupported_operation()
    action = product.actions.get(name)
    if action is None:
        raise Fault.unknown_action()
    return action


def _act(action: Action, call: Call) -> Answer:
    try:
        return action.act(call)
    except BadCiphertext as error:
        raise Fault.invalid_parameter("CiphertextBlob") from error
    except KeyMissing as error:
        # The token is there and proved itself, but lost this key: no trying again helps, and yet
        # nobody asked for the key's deletion.
        logger.critical("%s: %s", " ".join(call.target.resources), error.why)
        raise Fault.wrong_state("Unavailable") from error
    except HsmUnavailable as error:
        logger.error("the HSM is away: %s", error.why)  # noqa: TRY400 - its cause is in the sentence
        raise Fault.unavailable() from error
