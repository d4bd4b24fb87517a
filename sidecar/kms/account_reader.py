# SPDX-License-Identifier: Apache-2.0
"""Reads the `policies` and `accounts` of a `kms.yaml`; every complaint has its place there."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.kms.accounts import (
    DEFAULT_SESSION_SECONDS,
    Account,
    Group,
    OidcProvider,
    Role,
    User,
)
from sidecar.kms.limit_reader import read_quotas, read_rates
from sidecar.kms.limits import Quotas, Rates
from sidecar.kms.policy import SYSTEM_POLICIES, BadPolicy, Kind, Policy
from sidecar.kms.ram.names import (
    GROUP_NAME,
    POLICY_NAME,
    PROVIDER_NAME,
    ROLE_NAME,
    USER_NAME,
    arn_of,
)
from sidecar.kms.ram.sessions import MAX_SECONDS, MIN_MAX_SESSION
from sidecar.kms.secret_file import read_secret
from sidecar.kms.urls import find_url
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry, nearest

_DIGITS = re.compile(r"[0-9]{1,32}", re.ASCII)
_ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_AUDIENCE = re.compile(r"[!-~]{1,128}", re.ASCII)
_ISSUER = re.compile(r"https?://[!-~]{1,255}", re.ASCII)


def read_policies(entry: Entry) -> Mapping[str, str]:
    """The policies that are written here, as JSON, by name; the vendor's stand beside them."""
    policies = {}
    for name, document in entry.entries():
        _word(name, POLICY_NAME, "a policy name: letters, digits, . _ -")
        if name.name() in SYSTEM_POLICIES:
            raise name.error(f"{name.name()!r} is the name of a system policy")
        policies[name.name()] = _policy(document)
    return policies


def _policy(entry: Entry, kind: Kind = Kind.IDENTITY) -> str:
    document = _plain(entry)
    try:
        Policy.parse(document, kind=kind)
    except BadPolicy as error:
        raise _at(entry, error.steps).error(error.problem) from None
    return json.dumps(document)


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

    def __init__(
        self, folder: Path, policies: Mapping[str, str], quotas: Quotas, rates: Rates
    ) -> None:
        self._folder = folder
        self._policies = policies
        self._quotas = quotas
        self._rates = rates
        self._taken: set[tuple[str, ...]] = set()
        self._trusted: list[Entry] = []
        """The providers that roles name, as they are written."""

    def read(self, entry: Entry) -> tuple[Account, ...]:
        accounts = self._some(entry, self._account)
        known = {
            arn_of(account.id, "oidc-provider", provider.name)
            for account in accounts
            for provider in account.providers
        }
        for one in self._trusted:
            if one.text() not in known:
                problem = f"no account has the provider {one.text()!r}"
                raise one.error(problem + (nearest(one.text(), known) if known else ""))
        return accounts

    def _account(self, entry: Entry) -> Account:
        account_id = self._once(entry.get("id"), _DIGITS, "an account id: digits", "account")
        users = self._some(entry.get("users"), lambda one: self._user(one, account_id))
        names = {user.name for user in users}
        account = Account(
            id=account_id,
            users=users,
            groups=self._more(entry, "groups", lambda one: self._group(one, account_id, names)),
            roles=self._more(entry, "roles", lambda one: self._role(one, account_id)),
            providers=self._more(
                entry, "oidc_providers", lambda one: self._provider(one, account_id)
            ),
            policies=self._policies,
            quotas=entry.optional("quotas", self._own_quotas, self._quotas),
            rates=entry.optional("rates", self._own_rates, self._rates),
        )
        entry.finish()
        return account

    def _own_quotas(self, entry: Entry) -> Quotas:
        return read_quotas(entry, self._quotas)

    def _own_rates(self, entry: Entry) -> Rates:
        return read_rates(entry, self._rates)

    def _user(self, entry: Entry, account: str) -> User:
        user = User(
            name=self._name(entry, USER_NAME, "user", account),
            id=self._once(entry.get("id"), _DIGITS, "a user id: digits", "user"),
            policies=self._named_policies(entry),
            access_keys=self._some(entry.get("access_keys"), self._access_key),
        )
        entry.finish()
        return user

    def _group(self, entry: Entry, account: str, users: Collection[str]) -> Group:
        def user(one: Entry) -> str:
            if one.text() not in users:
                raise one.error(f"no user has the name {one.text()!r}{nearest(one.text(), users)}")
            return one.text()

        group = Group(
            name=self._name(entry, GROUP_NAME, "group", account),
            users=tuple(map(user, entry.get("users").items())),
            policies=self._named_policies(entry),
        )
        entry.finish()
        return group

    def _role(self, entry: Entry, account: str) -> Role:
        role = Role(
            name=self._name(entry, ROLE_NAME, "role", account),
            id=self._once(entry.get("id"), _DIGITS, "a role id: digits", "role"),
            trust=self._trust(entry.get("trust")),
            policies=self._named_policies(entry),
            max_session=entry.optional(
                "max_session_seconds",
                lambda one: one.integer(MIN_MAX_SESSION, MAX_SECONDS),
                DEFAULT_SESSION_SECONDS,
            ),
        )
        entry.finish()
        return role

    def _trust(self, entry: Entry) -> str:
        text = _policy(entry, Kind.TRUST)
        for statement in entry.get("Statement").items():
            named = statement.get("Principal").find("Federated")
            if named is not None:
                self._trusted += named.items() if named.is_list else [named]
        return text

    def _provider(self, entry: Entry, account: str) -> OidcProvider:
        audiences = self._some(
            entry.get("audiences"), lambda one: _word(one, _AUDIENCE, "an audience of a token")
        )
        provider = OidcProvider(
            name=self._name(entry, PROVIDER_NAME, "provider", account),
            issuer=_word(entry.get("issuer"), _ISSUER, "the URL that tokens name as their issuer"),
            audiences=frozenset(audiences),
            keys=self._key_set(entry.get("jwks")),
            ca=entry.optional("ca", lambda one: str(self._folder / one.text()), None),
        )
        entry.finish()
        return provider

    def _key_set(self, entry: Entry) -> str:
        """A file, or a URL that nobody on the way can answer in the issuer's place."""
        text = entry.text()
        if "://" not in text:
            return str(self._folder / text)
        if not _is_trustworthy(text):
            raise entry.error("expected a file or an https URL of the issuer's keys (JWKS)")
        return text

    def _name(self, entry: Entry, grammar: re.Pattern[str], kind: str, account: str) -> str:
        one = entry.get("name")
        text = _word(one, grammar, f"a {kind} name: letters, digits, . _ -")
        if (kind, account, text) in self._taken:
            raise one.error(f"another {kind} of the account has the name {text!r}")
        self._taken.add((kind, account, text))
        return text

    def _named_policies(self, entry: Entry) -> tuple[str, ...]:
        return tuple(self._named_policy(one) for one in entry.get("policies").items())

    def _named_policy(self, entry: Entry) -> str:
        known = (*SYSTEM_POLICIES, *self._policies)
        if entry.text() not in known:
            problem = f"no policy has the name {entry.text()!r}"
            raise entry.error(problem + nearest(entry.text(), known))
        return entry.text()

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

    def _more[T](self, entry: Entry, name: str, reader: Callable[[Entry], T]) -> tuple[T, ...]:
        """Those of a list that may be left out."""
        return entry.optional(name, lambda some: self._some(some, reader), ())

    @staticmethod
    def _some[T](entry: Entry, reader: Callable[[Entry], T]) -> tuple[T, ...]:
        values = tuple(reader(one) for one in entry.items())
        if not values:
            raise entry.error("the list is empty")
        return values


def _is_trustworthy(text: str) -> bool:
    """Whether it is a URL that is asked over TLS, or on this machine."""
    url = find_url(text)
    if url is None:
        return False
    is_near = url.hostname in ("127.0.0.1", "::1", "localhost")
    return url.scheme == "https" or (url.scheme == "http" and is_near)


def _word(entry: Entry, grammar: re.Pattern[str], wanted: str) -> str:
    text = entry.text()
    if not grammar.fullmatch(text):
        raise entry.error(f"expected {wanted}")
    return text
