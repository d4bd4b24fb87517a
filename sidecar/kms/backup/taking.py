# SPDX-License-Identifier: Apache-2.0
"""A backup, taken while the core serves.

Whoever makes or removes a key holds the database's lock meanwhile. So the folder is copied, and the
moment of the database fixed, with that lock in hand; the database itself is copied without it.

Two things go on without the lock. A pair of nobody's may be made meanwhile: half of one is none,
and no restored core takes a whole one. And somebody may log in: what SoftHSM then has not written
yet is put back from its copy (`hsm/token_file.py`).

What the folder links to is in it as well: a link may lead to what is not there after the fire.
"""

import json
import os
import shutil
import tarfile
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from sqlalchemy import text

from sidecar.errors import Misconfigured
from sidecar.kms.backup import copying
from sidecar.kms.backup.sealing import SealedWriter
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database

VERSION = 1
PATIENCE_SECONDS = 120
"""A busy server takes the lock again and again; a backup may wait for its turn."""
_LEFT_OUT = shutil.ignore_patterns("kms.db*", "*.draft")


class Taken(NamedTuple):
    """What stands in a backup."""

    file: Path
    size: int
    """Bytes."""
    is_sealed: bool
    holds_token: bool
    """Else the token is an HSM of its own, which is backed up by its maker's means."""


def take(directory: Path, file: Path, passphrase: bytes | None = None) -> Taken:
    """Write the core in `directory` to `file`, which must not be there yet; raise Misconfigured."""
    directory = directory.resolve()
    if file.resolve().is_relative_to(directory):
        raise Misconfigured(
            f"{file}: stands in {directory}, which is backed up; name another place"
        )
    config = load_kms_config(directory / "kms.yaml")
    conf = config.token.softhsm2_conf
    holds_token = conf is not None and conf.resolve().is_relative_to(directory)
    told = {
        "version": VERSION,
        "directory": str(directory),
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "holds_token": holds_token,
    }
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".backup-", dir=file.resolve().parent) as name,
            closing(Database(config.database_url, PATIENCE_SECONDS)) as database,
        ):
            stage = Path(name)
            _stage(directory, database, stage)
            (stage / "backup.json").write_text(json.dumps(told, indent=2) + "\n")
            draft = stage / "draft"
            _pack(stage, draft, passphrase)
            os.link(draft, file)  # never over another file
            size = file.stat().st_size
    except FileExistsError:
        raise Misconfigured(f"{file}: is there already; backups are not overwritten") from None
    except shutil.Error as error:
        place, _, why = error.args[0][0]  # the first of those that it is made of
        raise Misconfigured(f"{place}: cannot be copied: {why}") from error
    except OSError as error:
        place = error.filename or file
        raise Misconfigured(f"{place}: cannot be copied: {error.strerror}") from error
    return Taken(file, size, passphrase is not None, holds_token)


def _stage(directory: Path, database: Database, stage: Path) -> None:
    with database.snapshot() as connection:
        with database.transaction():
            connection.execute(text("SELECT count(*) FROM alembic_version"))  # fixes the moment
            shutil.copytree(directory, stage / "files", ignore=_left_out)
        copying.save(connection, stage / "kms.db")


def _left_out(folder: str, names: list[str]) -> set[str]:
    """The database, drafts, and what is no file and no folder: sockets, links to nothing."""
    found = {name: Path(folder, name) for name in names}
    others = {name for name, path in found.items() if not (path.is_file() or path.is_dir())}
    return _LEFT_OUT(folder, names) | others


def _pack(stage: Path, draft: Path, passphrase: bytes | None) -> None:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        if passphrase is None:
            _tar(stage, file)
        else:
            sealed = SealedWriter(file, passphrase)
            _tar(stage, cast("BinaryIO", sealed))
            sealed.finish()
        file.flush()
        os.fsync(descriptor)


def _tar(stage: Path, file: BinaryIO) -> None:
    with tarfile.open(fileobj=file, mode="w|gz", compresslevel=6) as archive:
        for name in ("backup.json", "kms.db", "files"):
            archive.add(stage / name, name)
