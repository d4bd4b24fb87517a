# SPDX-License-Identifier: Apache-2.0
"""A KMS core in one folder, made from nothing: token, database, configuration, first access key.

    DIR/hsm/               the SoftHSM token
    DIR/kms.db             keys, aliases, audit records
    DIR/sidecar.secret     the secret of the first access key, 0600
    DIR/credentials.json   the same with endpoint and region, for clients, 0600
    DIR/kms.yaml           the configuration; written last

`kms.yaml` is written last, so a folder that has one is complete; one that was begun is finished.
"""

import json
import os
import secrets
import string
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Pkcs11Uri, softhsm
from sidecar.hsm.pin import PinFile
from sidecar.kms.proof import prove
from sidecar.kms.store import Database

LISTEN = "127.0.0.1:28900"
REGION = "cn-hangzhou"
ACCOUNT = "1000000000000001"
USER = "200000000000000001"

_CONFIGURATION = f"""\
# The KMS core of this folder: sidecar kms serve --dir <this folder>
version: 1
listen: {LISTEN}
region: {REGION}
token: {{token}}
database: kms.db
accounts:
  - id: "{ACCOUNT}"
    users:
      - name: sidecar
        id: "{USER}"
        # Full access, so that the first CMKs and aliases can be made with this key. For the
        # sidecar alone AliyunKMSCryptoUserAccess is enough; keep another user for making keys.
        policies: [AliyunKMSFullAccess]
        access_keys:
          - {{{{id: {{access_key_id}}, secret_file: sidecar.secret}}}}
"""


class Credentials(NamedTuple):
    """What a client needs; the contents of `credentials.json`."""

    endpoint: str
    region: str
    account_id: str
    access_key_id: str
    access_key_secret: str


def make(directory: Path) -> Credentials | None:
    """Make what is not there yet; None where nothing was missing. Raise Misconfigured."""
    directory = directory.resolve()
    configuration = directory / "kms.yaml"
    if configuration.exists():
        return None
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = _token(directory / "hsm")
        (directory / "kms.db").touch(mode=0o600)
        with closing(Database.sqlite(directory / "kms.db")) as database, HsmThread(token) as hsm:
            prove(hsm, database)
        credentials = _credentials()
        _write(directory / "sidecar.secret", credentials.access_key_secret + "\n")
        _write(directory / "credentials.json", json.dumps(credentials._asdict(), indent=2) + "\n")
        _write(
            configuration,
            _CONFIGURATION.format(token=token, access_key_id=credentials.access_key_id),
        )
    except OSError as error:
        raise Misconfigured(f"{directory}: cannot be written: {error.strerror}") from error
    return credentials


def _token(directory: Path) -> Pkcs11Uri:
    """The token in `directory`, made where there is none."""
    if not directory.exists():
        return softhsm.provision(directory)
    return Pkcs11Uri(
        module=softhsm.MODULE,
        pin_source=PinFile(directory / "pin"),
        token=softhsm.LABEL,
        softhsm2_conf=directory / "softhsm2.conf",
    )


def _credentials() -> Credentials:
    letters = string.ascii_letters + string.digits
    key_id, secret = ("".join(secrets.choice(letters) for _ in range(n)) for n in (20, 30))
    return Credentials(f"http://{LISTEN}", REGION, ACCOUNT, f"LTAI{key_id}", secret)


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all, readable by its owner alone, and keep it."""
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.rename(path)
