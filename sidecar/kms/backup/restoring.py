# SPDX-License-Identifier: Apache-2.0
"""A core from a backup: unpacked beside its place, proven there, given its new paths, then moved.

What cannot be served does not get its place, and nothing that was begun and killed: the audit chain
is computed again, and token and database have to belong together, as at the start of the server.
"""

import json
import re
import shutil
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote

from sqlalchemy import URL

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread
from sidecar.kms import audit
from sidecar.kms.backup import copying
from sidecar.kms.backup.sealing import SealedReader, is_sealed
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.proof import prove
from sidecar.kms.store import Database, forget_pairs

VERSION = 1
_MOVED = ("kms.yaml", "hsm/softhsm2.conf")
_DATABASE = re.compile(r"^database:.*$", re.MULTILINE)


def restore(
    file: Path, directory: Path, passphrase: bytes | None = None, database: str | None = None
) -> KmsConfig:
    """Make `directory`, which must not be there, from the backup in `file`; raise Misconfigured.

    The database becomes DIR/kms.db, or goes into the empty one that the URL `database` names.
    """
    directory = directory.resolve()
    if directory.exists():
        raise Misconfigured(f"{directory}: is there already; a core is restored into a new folder")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=directory.parent) as name:
            stage = Path(name)
            _unpack(file, stage, passphrase)
            return _place(stage, directory, database)
    except (OSError, tarfile.TarError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or type(error).__name__
        raise Misconfigured(f"{file}: cannot be restored: {said}") from error


def _unpack(file: Path, stage: Path, passphrase: bytes | None) -> None:
    with file.open("rb") as stored:
        source: BinaryIO = stored
        if is_sealed(stored):
            if passphrase is None:
                raise Misconfigured(f"{file}: is sealed; give its passphrase (--passphrase-file)")
            source = cast("BinaryIO", SealedReader(stored, passphrase))
        elif passphrase is not None:
            # Else whoever can lay a file here gets past the seal by leaving it out.
            raise Misconfigured(f"{file}: is not sealed, and a passphrase was given")
        with tarfile.open(fileobj=source, mode="r|gz") as archive:
            archive.extractall(stage, filter="data")
        while source.read(1024 * 1024):
            pass  # that nothing was cut off is known at the end


def _place(stage: Path, directory: Path, database: str | None) -> KmsConfig:
    origin = _read_origin(stage / "backup.json")
    files = stage / "files"
    for path in (files, *files.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    shutil.move(stage / "kms.db", files / "kms.db")
    _move(files, origin, str(files))
    _name_database(files / "kms.yaml", database)
    _prove(files)
    _move(files, str(files), str(directory))
    files.rename(directory)
    return load_kms_config(directory / "kms.yaml")


def _read_origin(path: Path) -> str:
    """The folder that the backup was taken from; raise Misconfigured."""
    try:
        told = json.loads(path.read_bytes())
        version, origin = told["version"], told["directory"]
    except (ValueError, LookupError, TypeError, RecursionError):
        version = origin = None
    if type(version) is int and version > VERSION:
        raise Misconfigured("the backup is of a newer version of this program")
    if version != VERSION or not isinstance(origin, str) or not origin.startswith("/"):
        raise Misconfigured("this is no backup of a KMS core: its backup.json does not say so")
    return origin


def _move(files: Path, old: str, new: str) -> None:
    """Let every path of the old folder be one of the new."""
    for name in _MOVED:
        path = files / name
        if path.exists():
            path.write_text(_with_paths(path.read_text(), old, new))


def _name_database(configuration: Path, url: str | None) -> None:
    line = f"database: {json.dumps(url) if url else 'kms.db'}"
    configuration.write_text(_DATABASE.sub(lambda _: line, configuration.read_text(), count=1))


def _with_paths(text: str, old: str, new: str) -> str:
    """Paths stand as they are, but for those of the token's URI."""

    def moved(line: str) -> str:
        spell = _in_uri if "pkcs11:" in line else str
        pattern = rf"{re.escape(spell(old))}(?![^/\s\"'&;])"
        return re.sub(pattern, lambda _: spell(new), line)

    return "".join(map(moved, text.splitlines(keepends=True)))


def _in_uri(path: str) -> str:
    return quote(path, safe=":@/")


def _prove(directory: Path) -> None:
    """Prove the copy, and only then give another database anything of it."""
    config = load_kms_config(directory / "kms.yaml")
    local = URL.create("sqlite", database=str(directory / "kms.db"))
    with closing(Database(local)) as saved, HsmThread(config.token) as hsm:
        if saved.is_empty():
            raise Misconfigured("there is nothing in the database of the backup")
        saved.migrate()
        with saved.snapshot() as connection:
            audit.verify(connection)
        prove(hsm, saved)
        with saved.transaction() as connection:
            forget_pairs(connection)
        if config.database_url != local:
            with saved.snapshot() as connection, closing(Database(config.database_url)) as target:
                copying.fill(connection, target)
    if config.database_url != local:
        for path in directory.glob("kms.db*"):
            path.unlink()
