# SPDX-License-Identifier: Apache-2.0
"""Reads the `policies` and `accounts` of a `kms.yaml`; every complaint has its place there."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.kms.accounts import Account, User
from sidecar.kms.limits import Quotas
from sidecar.kms.policy import SYSTEM_POLICIES, BadPolicy, Policy
from sidecar.kms.secret_file import read_secret
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry, nearest

_DIGITS = re.compile(r"[0-9]{1,32}", re.ASCII)
_USER_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def read_policies(entry: Entry) -> Mapping[str, Policy]:
    """The vendor's policies and those written here, by name."""
    policies = dict(SYSTEM_POLICIES)
    for name, document in entry.entries():
        if name.name() in SYSTEM_POLICIES:
            raise name.error(f"{name.name()!r} is the name of a system policy")
        policies[name.name()] = _policy(document)
    return policies


def _policy(entry: Entry) -> Policy:
    try:
        return Policy.parse(_plain(entry))
    except BadPolicy as error:
        raise _at(entry, error.steps).error(error.problem) from None


def _plain(entry: Entry) -> object:
    """The entry as mappings, lists and texts."""
    if entry.is_mapping:
        return {name.name(): _plain(value) for name, value in entry.entries()}
    return [_plain(one) for one in entry.items()] if entry.is_list else entry.text()


def _at(entry: Entry, steps: tuple[str | int, ...]) -> Entry:
    """The entry that `steps` lead to."""
    for step in steps:
        entry = entry.items()[step] if isinstance(step, int) else entry.get(step)
    return entry


class AccountReader:
    """Reads `accounts`; ids and names stand once in what they are unique in."""

    def __init__(self, folder: Path, policies: Mapping[str, Policy], quotas: Quotas) -> None:
        self._folder = folder
        self._policies = policies
        self._quotas = quotas
        self._taken: set[tuple[str, ...]] = set()

    def read(self, entry: Entry) -> tuple[Account, ...]:
        return self._some(entry, self._account)

    def _account(self, entry: Entry) -> Account:
        account = Account(
            id=self._once(entry.get("id"), _DIGITS, "an account id: digits", "account"),
            users=self._some(entry.get("users"), self._user),
            quotas=self._quotas,
        )
        entry.finish()
        return account

    def _user(self, entry: Entry) -> User:
        user = User(
            name=_word(entry.get("name"), _USER_NAME, "a user name: letters, digits, . _ -"),
            id=self._once(entry.get("id"), _DIGITS, "a user id: digits", "user"),
            policies=tuple(self._named_policy(one) for one in entry.get("policies").items()),
            access_keys=self._some(entry.get("access_keys"), self._access_key),
        )
        entry.finish()
        return user

    def _named_policy(self, entry: Entry) -> Policy:
        policy = self._policies.get(entry.text())
        if policy is None:
            problem = f"no policy has the name {entry.text()!r}"
            raise entry.error(problem + nearest(entry.text(), self._policies))
        return policy

    def _access_key(self, entry: Entry) -> AccessKey:
        wanted = "an access key id: letters, digits, . _ -"
        key_id = self._once(entry.get("id"), _ACCESS_KEY_ID, wanted, "access key")
        file = entry.get("secret_file")
        try:
            secret = read_secret(self._folder / file.text())
        except Misconfigured as error:
            raise file.error(error.why) from None
        entry.finish()
        return AccessKey(key_id, secret)

    def _once(self, entry: Entry, grammar: re.Pattern[str], wanted: str, kind: str) -> str:
        text = _word(entry, grammar, wanted)
        if (kind, text) in self._taken:
            raise entry.error(f"another {kind} has the id {text!r}")
        self._taken.add((kind, text))
        return text

    @staticmethod
    def _some[T](entry: Entry, reader: Callable[[Entry], T]) -> tuple[T, ...]:
        values = tuple(reader(one) for one in entry.items())
        if not values:
            raise entry.error("the list is empty")
        return values


def _word(entry: Entry, grammar: re.Pattern[str], wanted: str) -> str:
    text = entry.text()
    if not grammar.fullmatch(text):
        raise entry.error(f"expected {wanted}")
    return text
