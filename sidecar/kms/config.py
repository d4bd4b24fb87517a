# SPDX-License-Identifier: Apache-2.0
"""`kms.yaml`: where the KMS core listens, which token and database it has, and who may call it.

    version: 1
    listen: 127.0.0.1:28900
    region: cn-hangzhou
    token: pkcs11:token=kms?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/…/pin
    database: kms.db                        # a file beside this one, or an SQLAlchemy URL
    tls: {cert: server.pem, key: server.key}            # optional
    quotas: {keys: 200, aliases: 300}                   # optional; per account and region
    policies:                                           # optional; beside the vendor's own
      read-only: {Version: "1", Statement: [{Effect: Allow, Action: "kms:List*", Resource: "*"}]}
    accounts:
      - id: "1000000000000001"
        users:
          - name: sidecar
            id: "200000000000000001"
            policies: [AliyunKMSFullAccess, read-only]
            access_keys: [{id: LTAI…, secret_file: sidecar.secret}]

Read strictly: a complaint is Misconfigured with file, line and column. Relative paths are relative
to the file. What a secret file must be like is told in `sidecar/kms/secret_file.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from sidecar.errors import Misconfigured
from sidecar.hsm import Pkcs11Uri
from sidecar.kms.accounts import Account, Caller, Directory, Quotas, User
from sidecar.kms.policy import SYSTEM_POLICIES, BadPolicy, Policy
from sidecar.kms.secret_file import read_secret
from sidecar.signing import AccessKey
from sidecar.strict_yaml import Entry, nearest, read

__all__ = [
    "Account",
    "Caller",
    "Directory",
    "KmsConfig",
    "Quotas",
    "Tls",
    "User",
    "load_kms_config",
]

LAST_PORT = 65535
MAX_QUOTA = 1_000_000

_DIGITS = re.compile(r"[0-9]{1,32}", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)
_USER_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate chain (PEM, leaf first) and key that the server shows."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class KmsConfig:
    """One `kms.yaml`. A database URL may carry a password and is therefore not printed."""

    listen_host: str
    listen_port: int
    region: str
    token: Pkcs11Uri
    database_url: str = field(repr=False)
    accounts: tuple[Account, ...]
    tls: Tls | None = None


def load_kms_config(path: Path) -> KmsConfig:
    """Read the file at `path` and the secrets that it names."""
    document = read(path)
    folder = path.resolve().parent
    document.get("version").one_of(("1",))
    host, port = _listen(document.get("listen"))
    quotas = document.optional("quotas", _quotas, Quotas())
    policies = document.optional("policies", _policies, SYSTEM_POLICIES)
    config = KmsConfig(
        listen_host=host,
        listen_port=port,
        region=_word(document.get("region"), _REGION, "a region such as cn-hangzhou"),
        token=_token(document.get("token")),
        database_url=_database(document.get("database"), folder),
        accounts=_Accounts(folder, policies, quotas).read(document.get("accounts")),
        tls=document.optional("tls", lambda entry: _tls(entry, folder), None),
    )
    document.finish()
    return config


def _listen(entry: Entry) -> tuple[str, int]:
    host, colon, port = entry.text().rpartition(":")
    is_port = port.isascii() and port.isdigit() and int(port[:6]) <= LAST_PORT
    if not colon or not host or not is_port:
        raise entry.error("expected HOST:PORT, such as 127.0.0.1:28900 or [::1]:28900")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _word(entry: Entry, grammar: re.Pattern[str], wanted: str) -> str:
    text = entry.text()
    if not grammar.fullmatch(text):
        raise entry.error(f"expected {wanted}")
    return text


def _token(entry: Entry) -> Pkcs11Uri:
    try:
        return Pkcs11Uri.parse(entry.text())
    except Misconfigured as error:
        raise entry.error(error.why) from None


def _database(entry: Entry, folder: Path) -> str:
    text = entry.text()
    if "://" not in text:
        return f"sqlite:///{folder / text}"
    try:
        return make_url(text).render_as_string(hide_password=False)
    except ArgumentError:
        raise entry.error("expected a file or an SQLAlchemy URL such as postgresql://…") from None


def _tls(entry: Entry, folder: Path) -> Tls:
    cert, key = (folder / entry.get(name).text() for name in ("cert", "key"))
    entry.finish()
    return Tls(cert, key)


def _quotas(entry: Entry) -> Quotas:
    def count(one: Entry) -> int:
        return one.integer(1, MAX_QUOTA)

    default = Quotas()
    quotas = Quotas(
        keys=entry.optional("keys", count, default.keys),
        aliases=entry.optional("aliases", count, default.aliases),
    )
    entry.finish()
    return quotas


def _policies(entry: Entry) -> Mapping[str, Policy]:
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


class _Accounts:
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
