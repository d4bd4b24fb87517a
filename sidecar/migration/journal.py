# SPDX-License-Identifier: Apache-2.0
"""How far a sweep has come, on disk: it goes on there after whatever ended it.

One JSON line a page, written through to the disk when all records of the page are done. No values:
where the listing stands (a number, or the id of a record) and counts. A line that was cut short is
as good as none, for what it told of is found done already. The file goes when its sweep is proved.
"""

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any, Self

from sidecar.errors import Misconfigured

_VERSION = 1


class Journal:
    """The journal of one sweep in the file `path`, which no other process may use meanwhile.

    `token` is where the listing stands (None: at its start), `is_swept` whether it is through,
    `counts` what was counted until there: nothing where there was no journal to go on with.
    """

    def __init__(self, path: Path, key: str) -> None:
        """Raise Misconfigured where the file is in use, or tells of another sweep."""
        self.path = path
        self.token: bytes | None = None
        self.is_swept = False
        self.counts: dict[str, Any] = {}
        self._head = {"journal": _VERSION, "sweep": hashlib.sha256(key.encode()).hexdigest()}
        try:
            self._file = open(path, "a+b", opener=_private)  # noqa: SIM115 - `__exit__` closes it
        except OSError as error:
            raise Misconfigured(
                f"{path}: cannot be written: {error.strerror}; name another place with --journal"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BlockingIOError:
            self._file.close()
            raise Misconfigured(f"{path}: another process works with this journal") from None
        except Misconfigured:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def note(self, token: bytes, counts: dict[str, Any]) -> None:
        """A page is done; `token` is where the next begins."""
        self._write({"next": token.decode(), "counts": counts})

    def note_swept(self, counts: dict[str, Any]) -> None:
        """The last page is done."""
        self._write({"swept": True, "counts": counts})

    def remove(self) -> None:
        """The sweep is proved."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> None:
        self._file.seek(0)
        lines = []
        whole = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            lines.append(line)
            whole += len(line)
        self._file.truncate(whole)
        if not lines:
            self._write(self._head)
            return
        try:
            head, *entries = map(json.loads, lines)
        except ValueError:
            head, entries = {}, []
        if head != self._head:
            raise Misconfigured(
                f"{self.path}: tells of another sweep, or of none; name another with --journal, or "
                "remove it to begin anew"
            )
        if entries:
            last = entries[-1]
            self.is_swept = last.get("swept", False)
            self.token = None if self.is_swept else last["next"].encode()
            self.counts = last["counts"]

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fdatasync(self._file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
