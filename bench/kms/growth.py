# SPDX-License-Identifier: Apache-2.0
"""Years of use of a KMS core in minutes: CMKs with many versions, and a long audit trail."""

import json
import time
import uuid
from contextlib import closing
from pathlib import Path

from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit.trail import write
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.healing import heal
from sidecar.kms.service.material import make_material
from sidecar.kms.service.rotation import rotate
from sidecar.kms.store import Cmk, Database, Shelf

KEYS = 200
VERSIONS = 50
SECONDS_OF_HISTORY = 3 * 365 * 24 * 3600
RECORDS_AT_ONCE = 1000


def grow(directory: Path, records: int) -> None:
    """Fill the core in `directory`, which does not serve now and has one CMK."""
    config = load_kms_config(directory / "kms.yaml")
    with closing(Database(config.database_url)) as database:
        with HsmThread(config.token, timeout=600) as hsm:
            _grow_keys(config, hsm, database)
        _grow_trail(database, records)


def _grow_keys(config: KmsConfig, hsm: HsmThread, database: Database) -> None:
    """As automatic rotation does it, and with one more token object for each version."""
    now = int(time.time())

    def work(token: Token, number: int) -> None:
        with database.transaction() as connection:
            shelf = Shelf(connection, config.accounts[0].id, config.region)
            cmk: Cmk = shelf.list_keys(0, 1)[0]
            if number:
                first = str(uuid.uuid4())
                cmk = cmk._replace(key_id=str(uuid.uuid4()), primary_version=first)
                shelf.add_key(cmk, make_material(token, cmk, first))
            for _ in range(VERSIONS - 1):
                rotate(token, shelf, cmk, lambda: str(uuid.uuid4()), now)
        heal(token, database)

    for number in range(KEYS):
        hsm.run(lambda token, number=number: work(token, number))


def _grow_trail(database: Database, records: int) -> None:
    """Records like the newest one, written as the KMS writes them, with other ids and times."""
    with database.snapshot() as connection:
        found = connection.exec_driver_sql(
            "SELECT record FROM audit_record WHERE record LIKE '%\"ApiCall\"%' "
            "ORDER BY sequence DESC LIMIT 1"
        ).scalar_one()
    pattern, began = json.loads(found), time.time() - SECONDS_OF_HISTORY
    for first in range(0, records, RECORDS_AT_ONCE):
        told = []
        for number in range(first, min(first + RECORDS_AT_ONCE, records)):
            at = time.gmtime(began + number * SECONDS_OF_HISTORY / records)
            name = str(uuid.uuid4()).upper()
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", at)
            told.append(pattern | {"eventId": name, "requestId": name, "eventTime": when})
        with database.transaction() as connection:
            write(connection, told)
