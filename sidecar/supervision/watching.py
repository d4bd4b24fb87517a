# SPDX-License-Identifier: Apache-2.0
"""Files that are looked at again and again, until what stands there is another thing.

Looked at, not listened to: a ConfigMap changes by a swap of symbolic links, a network mount tells
nobody anything. What counts is which file stands behind a name, its length and its time.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from pathlib import Path

from sidecar.file_stamp import stamp

LOOK_SECONDS = 1.0

type Look = tuple[object, ...]


def look(paths: Iterable[Path]) -> Look:
    """What tells the files at `paths`, and those directly in folders there, from others."""
    return tuple(_of_path(path) for path in paths)


async def changes(
    paths: Collection[Path], known: Look, seconds: float = LOOK_SECONDS
) -> AsyncGenerator[None]:
    """Yield when `paths` do not look as `known` any more and then stay so: one may be half written.

    After that when they have changed once more, and so on.
    """
    seen = known
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
