# SPDX-License-Identifier: Apache-2.0
"""Years of use of a KMS core in minutes: CMKs with many versions, and a long audit trail.

All of it is made by the product's own code: versions as rotation makes them, records chained and
indexed by the functions that do so with every call, so that the trail verifies. What is saved is
waiting: rows go to SQLite by the hundred thousand, and nothing waits for the disk.
"""

import json
import random
import shutil
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from sqlalchemy import text

from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import index
from sidecar.kms.audit.chain import Head, chained, read_head
from sidecar.kms.audit.record import Told, canonical, written
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.healing import heal
from sidecar.kms.service.material import make_material
from sidecar.kms.service.rotation import rotate
from sidecar.kms.store import Database, Shelf

KEYS = 200
VERSIONS = 50
USERS = 20
RARE = "ScheduleKeyDeletion"
ACTIONS = {"Decrypt": 700, "GenerateDataKey": 280, "DescribeKey": 19, RARE: 1}
"""How often each is called."""
SECONDS_OF_HISTORY = 3 * 365 * 24 * 3600
MEMORY = Path("/dev/shm")
RECORDS_AT_ONCE = 100_000
HASTE = ("journal_mode=OFF", "synchronous=OFF", "cache_size=-4000000")
"""For a file that nobody else has open, and that is of no use if this fails."""
ADD_RECORD = "INSERT INTO audit_record VALUES (?, ?, ?)"
ADD_MARK = (
    "INSERT INTO audit_mark (account, region, time, sequence, attribute, value) "
    "VALUES (:account, :region, :time, :sequence, :attribute, :value)"
)


def grow(directory: Path, records: int) -> None:
    """Fill the core in `directory`, which does not serve now and has one CMK."""
    config = load_kms_config(directory / "kms.yaml")
    with closing(Database(config.database_url)) as database:
        _grow_keys(config, database, directory / "hsm" / "tokens")
        with database.snapshot() as connection:
            head = read_head(connection)
            found = connection.execute(
                text("SELECT record FROM audit_record WHERE record LIKE '%\"KeyId\"%'")
            )
            pattern = json.loads(found.scalars().first() or "")
            keys = list(connection.execute(text("SELECT key_id FROM cmk")).scalars())
    with closing(sqlite3.connect(directory / "kms.db", isolation_level=None)) as connection:
        _grow_trail(connection, head, _Teller(pattern, keys, records), records)


def _grow_keys(config: KmsConfig, database: Database, tokens: Path) -> None:
    """As automatic rotation does it.

    With every step SoftHSM looks at all objects of a token and waits for the disk. So the token is
    kept in memory meanwhile, and what is made already lies aside.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        aside = Path(name, "aside")
        aside.mkdir()
        shutil.move(tokens, Path(name, "tokens"))
        tokens.symlink_to(Path(name, "tokens"))
        (token,) = tokens.iterdir()
        known = set(token.iterdir())
        for number in range(KEYS):
            with HsmThread(config.token, timeout=600) as hsm:
                hsm.run(partial(_grow_key, config, database, number))
            for path in set(token.iterdir()) - known:
                path.rename(aside / path.name)
        for path in aside.iterdir():
            path.rename(token / path.name)
        tokens.unlink()
        shutil.move(Path(name, "tokens"), tokens)


def _grow_key(config: KmsConfig, database: Database, number: int, token: Token) -> None:
    now = int(time.time())
    with database.transaction() as connection:
        shelf = Shelf(connection, config.accounts[0].id, config.region)
        cmk = shelf.list_keys(0, 1)[0]
        if number:
            first = str(uuid.uuid4())
            cmk = cmk._replace(key_id=str(uuid.uuid4()), primary_version=first)
            shelf.add_key(cmk, make_material(token, cmk, first))
        for _ in range(VERSIONS - 1):
            rotate(token, shelf, cmk, lambda: str(uuid.uuid4()), now)
    heal(token, database)


class _Teller:
    """Tells calls like the one of `pattern`, of other users, about other CMKs, long ago."""

    def __init__(self, pattern: Mapping[str, object], keys: list[str], records: int) -> None:
        identity = pattern["userIdentity"]
        assert isinstance(identity, dict)
        self._pattern = pattern
        self._users = [
            {**identity, "userName": f"user-{n}", "accessKeyId": f"LTAIuser{n:012}"}
            for n in range(USERS)
        ]
        self._keys: list[Told] = [{"ACS::KMS::Key": [key]} for key in keys]
        self._began = time.time() - SECONDS_OF_HISTORY
        self._pause = SECONDS_OF_HISTORY / records
        self._drawn = random.Random(1)

    def tell(self, number: int) -> Told:
        name = str(uuid.UUID(int=self._drawn.getrandbits(128))).upper()
        return {
            **self._pattern,
            "eventId": name,
            "requestId": name,
            "eventName": self._drawn.choices(tuple(ACTIONS), tuple(ACTIONS.values()))[0],
            "eventTime": written(int(self._began + number * self._pause)),
            "userIdentity": self._drawn.choice(self._users),
            "referencedResources": self._drawn.choice(self._keys),
        }


def _grow_trail(connection: sqlite3.Connection, head: Head, teller: _Teller, records: int) -> None:
    for pragma in HASTE:
        connection.execute(f"PRAGMA {pragma}")
    for first in range(0, records, RECORDS_AT_ONCE):
        added: list[tuple[int, str, bytes]] = []
        marks: list[Mapping[str, object]] = []
        for number in range(first, min(first + RECORDS_AT_ONCE, records)):
            told = teller.tell(number)
            record = canonical(told)
            head = Head(head.sequence + 1, chained(head.digest, record))
            added.append((head.sequence, record, head.digest))
            marks += index.rows(head.sequence, told)
        connection.execute("BEGIN")
        connection.executemany(ADD_RECORD, added)
        connection.executemany(ADD_MARK, marks)
        connection.execute("UPDATE audit_head SET sequence = ?, digest = ?", head)
        connection.execute("COMMIT")
