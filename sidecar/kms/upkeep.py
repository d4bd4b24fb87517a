# SPDX-License-Identifier: Apache-2.0
"""What the KMS core does by itself when the time comes: CMKs rotate and are deleted, material ends.

    look what is due  →  do one thing, with its audit record, in one transaction  →  look again

Replicas do this side by side. A transaction has the one lock of the database from its beginning, so
what it sees to be due is not done already and is not done by another; nothing is done twice.

A deletion is two steps. First the CMK is deleted: its aliases and tags go, its row stays, so that
its id is never used again. Then, after that is durable, its material is destroyed; a crash between
the two leaves that to the next look.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Self

from sqlalchemy import Connection

from sidecar.errors import told
from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit.record import Told
from sidecar.kms.audit.trail import write
from sidecar.kms.faults import Fault
from sidecar.kms.healing import heal, settle
from sidecar.kms.key_events import key_event
from sidecar.kms.limits import Quotas
from sidecar.kms.service import importing
from sidecar.kms.service.material import destroy_material
from sidecar.kms.service.rotation import check_room, rotate
from sidecar.kms.store import Database, Shelf, due, import_tokens

LOOK_SECONDS = 60

logger = logging.getLogger(__name__)


class Upkeep:
    """Looks after all CMKs while it is entered; `quotas` by account id."""

    def __init__(
        self,
        hsm: HsmThread,
        database: Database,
        quotas: Mapping[str, Quotas],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._hsm = hsm
        self._database = database
        self._quotas = quotas
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self.catch_up()
            if self._stop.wait(LOOK_SECONDS):
                return

    def catch_up(self) -> None:
        """Do all that is due; between one thing and the next, calls get their turns."""
        try:
            self._hsm.run(lambda token: heal(token, self._database))
            while not self._stop.is_set() and self._hsm.run(self._do_one):
                pass
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look comes
            logger.error("what is due has to wait: %s", told(error))  # noqa: TRY400 - no statements

    def _do_one(self, token: Token) -> bool:
        """Do one thing that is due; whether there was one."""
        is_done = self._do(token)
        settle(token, self._database)
        return is_done

    def _do(self, token: Token) -> bool:
        now = int(self._clock())
        with self._database.transaction() as connection:
            for grant in import_tokens.list_expired(connection, now):
                importing.revoke(token, connection, grant)
            for do in (_delete, _destroy, _expire, self._rotate):
                told = do(token, connection, now)
                if told is not None:
                    write(connection, [told])
                    return True
        return False

    def _rotate(self, token: Token, connection: Connection, now: int) -> Told | None:
        for cmk in due.to_rotate(connection, now):
            shelf = Shelf(connection, cmk.account, cmk.region)
            try:
                check_room(shelf, self._quotas.get(cmk.account, Quotas()))
            except Fault:
                logger.warning("CMK %s is not rotated: too many versions", cmk.key_id)
                continue
            version = rotate(token, shelf, cmk, lambda: str(uuid.uuid4()), now)
            return key_event("RotateKey", cmk, now, KeyVersionId=version.version_id)
        return None


def _delete(token: Token, connection: Connection, now: int) -> Told | None:
    for cmk in due.to_delete(connection, now):
        for grant in import_tokens.list_of(connection, cmk.key_id):
            importing.revoke(token, connection, grant)
        Shelf(connection, cmk.account, cmk.region).delete_key(cmk)
        return key_event("DeleteKey", cmk, now)
    return None


def _destroy(token: Token, connection: Connection, now: int) -> Told | None:
    for cmk in due.to_destroy(connection):
        shelf = Shelf(connection, cmk.account, cmk.region)
        versions = shelf.versions.all_of(cmk.key_id)
        for version in versions:
            destroy_material(token, shelf, version.version_id)
        told = ",".join(version.version_id for version in versions)
        return key_event("DestroyKeyMaterial", cmk, now, KeyVersionIds=told)
    return None


def _expire(token: Token, connection: Connection, now: int) -> Told | None:
    for cmk in due.to_expire(connection, now):
        importing.forget(token, Shelf(connection, cmk.account, cmk.region), cmk)
        return key_event("ExpireKeyMaterial", cmk, now)
    return None
