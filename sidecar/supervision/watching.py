# SPDX-License-Identifier: Apache-2.0
"""Files that are looked at again and again, until what stands there is another thing.

Looked at, not listened to: a ConfigMap changes by a swap of symbolic links, a network mount tells
nobody anything. What counts is which file stands behind a name, its length and its time.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

from sidecar.file_stamp import stamp

LOOK_SECONDS = 1.0

type Look = tuple[object, ...]


def look(paths: Iterable[Path]) -> Look:
    """What tells the files at `paths`, and those directly in folders there, from others."""
    return tuple(_of_path(path) for path in paths)


async def changes(paths: Iterable[Path], seconds: float = LOOK_SECONDS) -> AsyncGenerator[None]:
    """Yield when something has changed and then stayed as it is, for it may be half written."""
    known = seen = look(paths)
    while True:
        await asyncio.sleep(seconds)
        before, seen = seen, look(paths)
        if seen != known and seen == before:
            known = seen
            yield


def _of_path(path: Path) -> object:
    try:
        if path.is_dir():
            names = sorted(each for each in path.iterdir() if not each.name.startswith("."))
            return tuple((each.name, stamp(each)) for each in names)
    except OSError:
        return None
    return stamp(path)
