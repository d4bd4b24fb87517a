# SPDX-License-Identifier: Apache-2.0
"""`kms.yaml`: where the KMS core listens, which token and database it has, and who may call it.

    version: 1
    listen: 127.0.0.1:28900
    region: cn-hangzhou                                 # or `regions: [cn-hangzhou, cn-beijing]`,
                                                        # the default one first
    token: pkcs11:token=kms?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/…/pin
    database: kms.db                        # a file beside this one, or postgresql://…
    tls: {cert: server.pem, key: server.key}            # optional; with `client_ca: FILE` clients
                                                        # have to show a certificate of it
    keys: [{id: 11111111-…, aliases: [alias/crm]}]      # optional; CMKs that are there from the
                                                        # start; more below
    quotas: {keys: 200, aliases: 300}                   # optional; per account and region
    rates: {symmetric: 1000, write: 10}                 # optional; calls a second, per account
    audit: {…}                                          # optional; below
    policies:                                           # optional; beside the vendor's own
      read-only: {Version: "1", Statement: [{Effect: Allow, Action: "kms:List*", Resource: "*"}]}
    accounts:
      - id: "1000000000000001"
        quotas: {keys: 500}                             # optional; beside what holds for all
        rates: {symmetric: 5000}                        # optional
        users:
          - name: sidecar
            id: "200000000000000001"
            policies: [AliyunKMSFullAccess, read-only]
            access_keys: [{id: LTAI…, secret_file: sidecar.secret}]
        groups:                                         # optional
          - {name: readers, users: [sidecar], policies: [read-only]}
        roles:                                          # optional
          - name: crm
            id: "300000000000000001"
            policies: [read-only]
            max_session_seconds: 3600                   # optional
            trust:                                      # who may assume it
              Version: "1"
              Statement:
                - Effect: Allow
                  Action: "sts:AssumeRole"
                  Principal: {Federated: "acs:ram::1000000000000001:oidc-provider/cluster"}
                  Condition: {StringEquals: {"oidc:sub": "system:serviceaccount:shop:crm"}}
        oidc_providers:                                 # optional; whose tokens are believed
          - name: cluster
            issuer: https://kubernetes.default.svc.cluster.local
            audiences: [sts.aliyuncs.com]
            jwks: cluster-keys.json                     # a file, or an https URL (with `ca: FILE`)

What is said of users, groups, roles and policies is put into the store at each start; more of them
are made there (`sidecar kms ram`), and none that was is taken over from here (`api/RAM.md`).

Read strictly: whatever is wrong is told with file, line and column. Relative paths are relative to
the file. A secret file holds one secret on one line, and only its owner may read it.

A database URL takes libpq's parameters: postgresql://kms@db/kms?sslmode=verify-full&passfile=/run/pg
keeps the password in a file, in the format of `.pgpass`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from sidecar.errors import Misconfigured
from sidecar.hsm import Pkcs11Uri
from sidecar.kms.account_reader import AccountReader, read_policies
from sidecar.kms.accounts import Account
from sidecar.kms.audit.settings import AuditSettings, read_audit
from sidecar.kms.key_seeds import KeyReader, KeySeed
from sidecar.kms.limit_reader import read_quotas, read_rates
from sidecar.kms.limits import Quotas, Rates
from sidecar.strict_yaml import Entry, read

_REGION = re.compile(r"[a-z0-9-]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate chain (PEM, leaf first) and key that the server shows.

    Only clients with a certificate of `client_ca` are heard, where there is one.
    """

    cert: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class KmsConfig:
    """One `kms.yaml`. A database URL may carry a password, which it does not print."""

    listen_host: str
    listen_port: int
    regions: tuple[str, ...]
    """The first is that of calls that name none."""
    token: Pkcs11Uri
    database_url: URL
    accounts: tuple[Account, ...]
    tls: Tls | None = None
    audit: AuditSettings = field(default_factory=AuditSettings)
    keys: tuple[KeySeed, ...] = ()

    @property
    def region(self) -> str:
        """The default one."""
        return self.regions[0]


def load_kms_config(path: Path) -> KmsConfig:
    """Read the file at `path` and the secrets that it names."""
    document = read(path)
    folder = path.resolve().parent
    document.get("version").one_of(("1",))
    host, port = document.get("listen").address()
    quotas = document.optional("quotas", lambda one: read_quotas(one, Quotas()), Quotas())
    rates = document.optional("rates", lambda one: read_rates(one, Rates()), Rates())
    policies: Mapping[str, str] = document.optional("policies", read_policies, {})
    regions = _regions(document)
    accounts = AccountReader(folder, policies, quotas, rates).read(document.get("accounts"))
    keys = KeyReader([one.id for one in accounts], regions)
    config = KmsConfig(
        listen_host=host,
        listen_port=port,
        regions=regions,
        token=_token(document.get("token")),
        database_url=_database(document.get("database"), folder),
        accounts=accounts,
        tls=document.optional("tls", lambda entry: _tls(entry, folder), None),
        audit=document.optional("audit", lambda entry: read_audit(entry, folder), AuditSettings()),
        keys=document.optional("keys", keys.read, ()),
    )
    document.finish()
    return config


def _regions(document: Entry) -> tuple[str, ...]:
    """`region: one` or `regions: [one, another]`."""
    several: tuple[str, ...] = document.optional(
        "regions", lambda entry: tuple(map(_region, entry.items())), ()
    )
    if not several:
        return (_region(document.get("region")),)
    if len(set(several)) != len(several):
        raise document.get("regions").error("a region stands here twice")
    return several


def _region(entry: Entry) -> str:
    if not _REGION.fullmatch(entry.text()):
        raise entry.error("expected a region such as cn-hangzhou")
    return entry.text()


def _token(entry: Entry) -> Pkcs11Uri:
    try:
        return Pkcs11Uri.parse(entry.text())
    except Misconfigured as error:
        raise entry.error(error.why) from None


def _database(entry: Entry, folder: Path) -> URL:
    text = entry.text()
    if "://" not in text:
        return URL.create("sqlite", database=str(folder / text))
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.drivername != "postgresql":
        raise entry.error("expected a file or a URL such as postgresql://kms@db.internal/kms")
    return url.set(drivername="postgresql+psycopg")


def _tls(entry: Entry, folder: Path) -> Tls:
    def file(one: Entry) -> Path:
        return folder / one.text()

    tls = Tls(
        file(entry.get("cert")), file(entry.get("key")), entry.optional("client_ca", file, None)
    )
    entry.finish()
    return tls
