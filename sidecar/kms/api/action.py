# SPDX-License-Identifier: Apache-2.0
"""What an action is: its name, its parameters, what RAM is asked about, and the act itself.

    name · parameters · target · states · check · act

`target` finds what the call is about (rows and ARNs) and decides nothing; `states` says in which
key states the act may run; `check` refuses what the parameters and the store refuse; `act` does it,
inside the transaction that also writes the audit record. With DryRun, which every action takes,
all but the last is done. All of it is plain synchronous code on the HSM thread.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from sidecar.hsm import Token
from sidecar.kms.api.parameters import Arguments, Parameter, boolean
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Quotas, Rate
from sidecar.kms.policy import RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.directory import Directory
from sidecar.kms.service.holder import Holder
from sidecar.kms.service.material import holder_of
from sidecar.kms.service.names import Place
from sidecar.kms.service.states import any_state
from sidecar.kms.store import Certificate, Cmk, Shelf

type Answer = dict[str, object]

DRY_RUN = Parameter("DryRun", boolean, default=False, audited=True)


@dataclass(frozen=True, slots=True)
class Target:
    """What a call is about: the ARNs that RAM is asked about, and the CMK or certificate."""

    resources: tuple[str, ...]
    cmk: Cmk | None = None
    missing: Fault | None = None
    """Told only after RAM has allowed the call, so that ids cannot be probed."""
    right: str | None = None
    """What RAM calls the call on this, where that is not the action's name."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What policies may ask about the call on this, beside the facts of the action."""
    also: "Target | None" = None
    """What the call is about besides; it is asked about, and must be there, as well."""
    certificate: Certificate | None = None

    def every(self) -> "Iterator[Target]":
        """This, and what the call is about besides."""
        one: Target | None = self
        while one is not None:
            yield one
            one = one.also


@dataclass(slots=True)
class Call:
    """One authenticated call, as an action sees it."""

    place: Place
    arguments: Arguments
    connection: Connection
    """The transaction, for what is not on the shelf of CMKs."""
    shelf: Shelf
    token: Token
    quotas: Quotas
    regions: Sequence[str]
    """All that are served; the call's own is that of its place."""
    now: int
    """Seconds since 1970."""
    new_id: Callable[[], str]
    origin: RequestFacts
    """Whence the request came, for policies that ask."""
    directory: Directory
    caller: Caller | None
    """Who signed it; None for an action that needs no signature."""
    target: Target = field(default_factory=lambda: Target(()))

    def __getitem__[T](self, parameter: Parameter[T]) -> T:
        return self.arguments[parameter]

    @property
    def cmk(self) -> Cmk:
        """The CMK of the target; an action that asks has declared one."""
        if self.target.cmk is None:
            raise LookupError("this action has no CMK")
        return self.target.cmk

    @property
    def certificate(self) -> Certificate:
        """The certificate of the target; an action that asks has declared one."""
        if self.target.certificate is None:
            raise LookupError("this action has no certificate")
        return self.target.certificate

    def holder(self, version_id: str) -> Holder:
        """Who holds the material of this version of the CMK."""
        return holder_of(self.token, self.shelf, self.cmk, version_id)


def no_check(_: Call) -> None:
    """For an action that its parameters, its target and a key's state say everything about."""


def no_facts(_: Call) -> Mapping[str, str]:
    """Most actions have nothing for a policy to ask about."""
    return {}


def ids(answer: Answer) -> Mapping[str, str]:
    """The ids of CMKs and certificates in an answer, and nothing else of it."""
    metadata = answer.get("KeyMetadata")
    told = metadata if isinstance(metadata, dict) else answer
    named = ("KeyId", "KeyVersionId", "CertificateId")
    return {name: str(told[name]) for name in named if name in told}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of the API; `is_write` is ActionTrail's word for it."""

    name: str
    parameters: tuple[Parameter[Any], ...] = ()
    target: Callable[[Call], Target]
    act: Callable[[Call], Answer]
    is_write: bool
    states: Callable[[str], None] = any_state
    check: Callable[[Call], None] = no_check
    facts: Callable[[Call], Mapping[str, str]] = no_facts
    """KMS's own condition keys, for policies that ask about them."""
    use: Rate | None = None
    """What it uses a CMK for; None where it reads or writes what is known about CMKs."""
    asks_ram: bool = True
    """No where every caller may, who is one."""
    is_unsigned: bool = False
    """Whether it may be called without a signature: its own parameters prove who calls.

    What it has told names the account that lets in who does, as `AccountId`.
    """
    told: Callable[[Answer], Mapping[str, str]] = ids
    """What of the answer may stand in the audit record."""

    @property
    def rate(self) -> Rate:
        """With which others its calls are counted."""
        return self.use or (Rate.WRITE if self.is_write else Rate.READ)
