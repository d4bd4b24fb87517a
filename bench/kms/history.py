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
from typing import Any

from sqlalchemy import text

from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import index
from sidecar.kms.audit.chain import Head, chained, read_head
from sidecar.kms.audit.record import canonical, written
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.healing import heal
from sidecar.kms.service.material import make_material
from sidecar.kms.service.rotation import rotate
from sidecar.kms.store import Database, Shelf

KEYS = 199
"""With the pair that signs there are 200 of them, as many as an account may have."""
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
    "VALUES (?, ?, ?, ?, ?, ?)"
)

type Mark = tuple[str, str, int, int, object, str]
"""A row of the index: account, region, time, number, attribute, value."""


def grow(directory: Path, records: int) -> None:
    """Fill the core in `directory`, which does not serve now and has one CMK."""
    config = load_kms_config(directory / "kms.yaml")
    with closing(Database(config.database_url)) as database:
        _grow_keys(config, database, directory / "hsm" / "tokens")
        with database.snapshot() as connection:
            head = read_head(connection)
            found = text("SELECT record FROM audit_record WHERE record LIKE '%\"ApiCall\"%'")
            pattern = json.loads(connection.execute(found).scalars().first() or "")
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
    """Tells calls like the one of `pattern`, of other users, about other CMKs, long ago.

    A record and the rows that find it are spelt once by the product, with `%(word)s` for what
    differs from one to the next.
    """

    def __init__(self, pattern: Mapping[str, Any], keys: list[str], records: int) -> None:
        user = {"userName": "%(user)s", "accessKeyId": "%(access_key)s"}
        told = {
            **pattern,
            "eventId": "%(id)s",
            "requestId": "%(id)s",
            "eventName": "%(action)s",
            "eventRW": "Read",
            "userIdentity": pattern["userIdentity"] | user,
            "referencedResources": {"ACS::KMS::Key": ["%(key)s"]},
        }
        self._text = canonical(told | {"eventTime": "%(time)s"})
        self._rows = [(row["attribute"], str(row["value"])) for row in index.rows(0, told)]
        self._place = (pattern["recipientAccountId"], pattern["acsRegion"])
        self._actions = [name for name, often in ACTIONS.items() for _ in range(often)]
        self._keys = keys
        self._began = time.time() - SECONDS_OF_HISTORY
        self._pause = SECONDS_OF_HISTORY / records
        self._drawn = random.Random(1)

    def tell(self, sequence: int, number: int) -> tuple[str, list[Mark]]:
        """The text of the record, and the rows that find it."""
        drawn, when = self._drawn, int(self._began + number * self._pause)
        user = int(drawn.random() * USERS)
        words = {
            "id": str(uuid.UUID(int=drawn.getrandbits(128))).upper(),
            "action": self._actions[int(drawn.random() * len(self._actions))],
            "time": written(when),
            "key": self._keys[int(drawn.random() * len(self._keys))],
            "user": f"user-{user}",
            "access_key": f"LTAIuser{user:012}",
        }
        rows = [
            (*self._place, when, sequence, attribute, value % words)
            for attribute, value in self._rows
        ]
        return self._text % words, rows


def _grow_trail(connection: sqlite3.Connection, head: Head, teller: _Teller, records: int) -> None:
    for pragma in HASTE:
        connection.execute(f"PRAGMA {pragma}")
    for first in range(0, records, RECORDS_AT_ONCE):
        added: list[tuple[int, str, bytes]] = []
        marks: list[Mark] = []
        for number in range(first, min(first + RECORDS_AT_ONCE, records)):
            record, rows = teller.tell(head.sequence + 1, number)
            head = Head(head.sequence + 1, chained(head.digest, record))
            added.append((head.sequence, record, head.digest))
            marks += rows
        connection.execute("BEGIN")
        connection.executemany(ADD_RECORD, added)
        connection.executemany(ADD_MARK, marks)
        connection.execute("UPDATE audit_head SET sequence = ?, digest = ?", head)
        connection.execute("COMMIT")
