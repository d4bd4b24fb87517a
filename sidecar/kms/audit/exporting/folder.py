# SPDX-License-Identifier: Apache-2.0
"""Records in files: `audit-<number of the first record>.jsonl`, the next one when one is full.

A batch has arrived when it is on the disk. A line that a crash cut short is taken off first: its
record was not acknowledged and comes again. Files are for their owner's eyes.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from sidecar.kms.audit.exporting.lines import line
from sidecar.kms.audit.exporting.sink import DeliveryFailed
from sidecar.kms.audit.settings import FolderExport
from sidecar.kms.audit.verification import Claim

PATTERN = "audit-*.jsonl"
_TAIL = 64 * 1024


class Folder:
    """The files of one folder, which no other process writes."""

    def __init__(self, settings: FolderExport) -> None:
        self._settings = settings
        self._file: BinaryIO | None = None

    def deliver(self, batch: Sequence[Claim]) -> None:
        data = "".join(line(claim) + "\n" for claim in batch).encode("ascii")
        try:
            file = self._file_for(batch[0].link.sequence, len(data))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError as error:
            self.close()
            place = self._settings.folder
            raise DeliveryFailed(f"{place}: cannot be written: {error.strerror}") from error

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _file_for(self, first: int, size: int) -> BinaryIO:
        """The file to write to: the newest one, while there is room in it."""
        if self._file is None:
            self._settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            files = self._files()
            self._file = _open_whole(files[-1]) if files else self._begin(first)
        if self._file.tell() and self._file.tell() + size > self._settings.rotate_bytes:
            self._file.close()
            self._file = self._begin(first)
            self._tidy()
        return self._file

    def _files(self) -> list[Path]:
        return sorted(self._settings.folder.glob(PATTERN))

    def _begin(self, first: int) -> BinaryIO:
        return _open_whole(self._settings.folder / f"audit-{first:018d}.jsonl")

    def _tidy(self) -> None:
        if self._settings.keep is not None:
            for path in self._files()[: -self._settings.keep]:
                path.unlink()


def _open_whole(path: Path) -> BinaryIO:
    """The file, to write at its end, without a last line that was cut short."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    file = os.fdopen(descriptor, "r+b")
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - _TAIL)
        file.seek(begin)
        found = file.read(end - begin).rfind(b"\n")
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    file.truncate(end)
    file.seek(end)
    return file
