# SPDX-License-Identifier: Apache-2.0
"""The highest version of the rules that ever held, in a file that survives a crash.

    envelope-sidecar accepted rules v1
    version 12
    manifest <SHA-256 in hex of what was signed>

Whoever can write this file can bring older rules back, so it is only its owner's. Without it any
version holds once: the first one that is offered.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from sidecar.draft import Draft
from sidecar.errors import Misconfigured
from sidecar.private_file import read_private

HEADER = "envelope-sidecar accepted rules v1"
_LINES = re.compile(rf"{HEADER}\nversion ([1-9][0-9]{{0,15}})\nmanifest ([0-9a-f]{{64}})\n")


class Accepted(NamedTuple):
    """A version, and the digest of the manifest that held under it."""

    version: int
    digest: str


def read_accepted(path: Path) -> Accepted | None:
    """What held last; None where nothing ever did. Misconfigured where that cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:  # it may well be there
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    found = _LINES.fullmatch(read_private(path).decode("latin-1"))
    if found is None:
        raise Misconfigured(
            f"{path}: does not tell which version of the rules held last; bring it back from a "
            "copy, or, once `sidecar rules verify` shows the version that you want, remove it"
        )
    return Accepted(int(found[1]), found[2])


def write_accepted(path: Path, accepted: Accepted) -> None:
    """Keep `accepted`: whole, or what stood there before."""
    text = f"{HEADER}\nversion {accepted.version}\nmanifest {accepted.digest}\n"
    try:
        with Draft(path) as draft:
            draft.file.write(text.encode())
            draft.publish()
    except OSError as error:
        raise Misconfigured(
            f"{path}: the version of the rules cannot be kept: {error.strerror}; let `state` name "
            "a file in a folder that can be written"
        ) from None
