# SPDX-License-Identifier: Apache-2.0
"""Whether the file behind a name is still the one that was read."""

from pathlib import Path

type Stamp = tuple[int, int, int, int, int] | None


def stamp(path: Path) -> Stamp:
    """What differs once the file is rewritten or another stands in its place; None while away.

    Through links: Kubernetes renews a mounted secret by turning one. The last of its times tells
    also when the file got back an old one, or may be read no more.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
