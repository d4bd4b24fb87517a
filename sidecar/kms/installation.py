# SPDX-License-Identifier: Apache-2.0
"""A KMS core in one folder, made from nothing: token, database, configuration, access keys.

    DIR/hsm/               the SoftHSM token
    DIR/kms.db             keys, aliases, audit records
    DIR/credentials.json   the administrator's access key, with endpoint and region
    DIR/sidecar.json       the same for sidecars, which may use CMKs and nothing else
    DIR/*.secret           the secrets of both, for the server
    DIR/ca.pem, ca.key     the authority that clients trust, where hosts were named
    DIR/server.pem, .key   the server's certificate for these hosts
    DIR/kms.yaml           the configuration; written last

All files are 0600 in a folder that is 0700.

`kms.yaml` is written last, so a folder that has one is complete; one that was begun is finished.
In a complete one only the server's certificate is replaced, when it is time.
"""

import datetime as dt
import json
import os
import secrets
import string
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sidecar.draft import Draft
from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Pkcs11Uri, softhsm
from sidecar.kms import certificates
from sidecar.kms.certificates import Identity
from sidecar.kms.config import load_kms_config
from sidecar.kms.proof import prove
from sidecar.kms.store import Database

PORT = 28900
REGION = "cn-hangzhou"
ACCOUNT = "1000000000000001"
ADMIN = "200000000000000001"
SIDECAR = "200000000000000002"
ROOT = 0
TLS = "tls: {cert: server.pem, key: server.key}"

_CONFIGURATION = """\
# The KMS core of this folder: sidecar kms serve --dir <this folder>
version: 1
listen: {listen}
region: {region}
token: {token}
database: kms.db
{tls}policies:
  use-keys:  # what a sidecar needs, and no more
    Version: "1"
    Statement:
      - Effect: Allow
        Action: ["kms:DescribeKey", "kms:GenerateDataKey*", "kms:Decrypt"]
        Resource: "*"
accounts:
  - id: "{account}"
    users:
      - name: admin  # makes CMKs and aliases, and says who else may what
        id: "{admin}"
        policies:
          - AliyunKMSFullAccess
          - AliyunRAMFullAccess
          - AliyunSTSAssumeRoleAccess
          - AliyunActionTrailReadOnlyAccess
        access_keys:
          - {{id: {admin_key}, secret_file: admin.secret}}
      - name: sidecar
        id: "{sidecar}"
        policies: [use-keys]
        access_keys:
          - {{id: {sidecar_key}, secret_file: sidecar.secret}}
"""


class Credentials(NamedTuple):
    """What a client needs; the contents of `credentials.json` and `sidecar.json`."""

    endpoint: str
    region: str
    account_id: str
    access_key_id: str
    access_key_secret: str


def make(directory: Path, hosts: Sequence[str] = ()) -> Credentials | None:
    """Make what is not there yet; the administrator's key, or None where a core was there already.

    With `hosts`, the names by which clients reach it, the core serves over TLS and on every
    address; without, on loopback alone. Raise Misconfigured.
    """
    directory = directory.resolve()
    configuration = directory / "kms.yaml"
    certificates.refuse_bad_names(hosts)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_foreign(directory, {os.geteuid(), ROOT})
        if hosts:
            _certify(directory, hosts)
        if configuration.exists():
            _refuse_clear_text(configuration, hosts)
            return None
        token = _token(directory / "hsm")
        (directory / "kms.db").touch(mode=0o600)
        with closing(Database.sqlite(directory / "kms.db")) as database, HsmThread(token) as hsm:
            prove(hsm, database)
        admin, sidecar = _credentials(hosts), _credentials(hosts)
        _write(directory / "admin.secret", admin.access_key_secret + "\n")
        _write(directory / "sidecar.secret", sidecar.access_key_secret + "\n")
        _write(directory / "credentials.json", json.dumps(admin._asdict(), indent=2) + "\n")
        _write(directory / "sidecar.json", json.dumps(sidecar._asdict(), indent=2) + "\n")
        _write(configuration, _configuration(token, hosts, admin, sidecar))
    except OSError as error:
        raise Misconfigured(f"{directory}: cannot be written: {error.strerror}") from error
    return admin


def refuse_foreign(directory: Path, owners: Collection[int]) -> None:
    """Go on with nothing that somebody else has laid into a folder that others may write to.

    A token with a PIN that they know, or a link to where they can read, would be as good as ours.
    """
    for path in sorted(directory.iterdir()):
        if path.lstat().st_uid not in owners:
            raise Misconfigured(f"{path}: belongs to another user; take another folder")


def _configuration(
    token: Pkcs11Uri, hosts: Sequence[str], admin: Credentials, sidecar: Credentials
) -> str:
    return _CONFIGURATION.format(
        listen=f"{'0.0.0.0' if hosts else '127.0.0.1'}:{PORT}",  # noqa: S104 - as asked
        region=REGION,
        token=token,
        tls=TLS + "\n" if hosts else "",
        account=ACCOUNT,
        admin=ADMIN,
        admin_key=admin.access_key_id,
        sidecar=SIDECAR,
        sidecar_key=sidecar.access_key_id,
    )


def _token(directory: Path) -> Pkcs11Uri:
    """The token in `directory`, made where there is none."""
    return softhsm.locate(directory) if directory.exists() else softhsm.provision(directory)


def _certify(directory: Path, hosts: Sequence[str]) -> None:
    """See that there is an authority, and a certificate of it for `hosts` that will last."""
    now = dt.datetime.now(dt.UTC)
    if not (directory / "ca.pem").exists():
        _write_identity(directory, "ca", certificates.make_authority(now))
    ca = (directory / "ca.pem").read_text()
    server = directory / "server.pem"
    shown = server.read_text() if server.exists() else ""
    if not certificates.is_current(shown, ca, hosts, now):
        authority = Identity(ca, _ca_key(directory / "ca.key"))
        _write_identity(directory, "server", certificates.issue(authority, hosts, now))


def _ca_key(path: Path) -> str:
    """It may be kept elsewhere until it is needed."""
    try:
        return path.read_text()
    except OSError as error:
        raise Misconfigured(
            f"{path}: {error.strerror}, and a new server certificate has to be signed with it"
        ) from None


def _write_identity(directory: Path, name: str, identity: Identity) -> None:
    """The certificate comes last: what it stands for is complete."""
    _write(directory / f"{name}.key", identity.key)
    _write(directory / f"{name}.pem", identity.certificate)


def _refuse_clear_text(configuration: Path, hosts: Sequence[str]) -> None:
    """Whoever names hosts counts on TLS; a core that was made without it must not go on so."""
    if hosts and load_kms_config(configuration).tls is None:
        raise Misconfigured(
            f"{configuration}: serves without TLS, for it was made without hosts; add the line "
            f"`{TLS}`, and https:// to the endpoint in credentials.json"
        )


def _credentials(hosts: Sequence[str]) -> Credentials:
    letters = string.ascii_letters + string.digits
    key_id, secret = ("".join(secrets.choice(letters) for _ in range(n)) for n in (20, 30))
    return Credentials(_endpoint(hosts), REGION, ACCOUNT, f"LTAI{key_id}", secret)


def _endpoint(hosts: Sequence[str]) -> str:
    if not hosts:
        return f"http://127.0.0.1:{PORT}"
    return f"https://[{hosts[0]}]:{PORT}" if ":" in hosts[0] else f"https://{hosts[0]}:{PORT}"


def _write(path: Path, text: str) -> None:
    with Draft(path) as draft:
        draft.file.write(text.encode())
        draft.publish()
