# SPDX-License-Identifier: Apache-2.0
"""Rules as they stand in a folder, in a file, or in a revision of a git repository."""

import re
import subprocess
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.rules import RuleFile, RuleSet, parse_rules, read_files
from sidecar.rules.files import may_hold_rules

_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./~^@{}-]*")
_SECONDS = 60


def read_side(text: str) -> RuleSet:
    """The rules at `text`: a path, or `REVISION:PATH`; Misconfigured."""
    path = Path(text)
    revision, colon, place = text.partition(":")
    if path.exists() or not colon:
        return parse_rules(read_files(path))
    if not _REVISION.fullmatch(revision) or not place:
        raise Misconfigured(f"{text}: neither a path nor a REVISION:PATH of git")
    return parse_rules(_files_in(revision, place.removesuffix("/")))


def _files_in(revision: str, place: str) -> list[RuleFile]:
    # `REVISION:./…` is seen from the folder that one stands in (gitrevisions(7)).
    tree = f"{revision}:./{place}" if place != "." else f"{revision}:./"
    if _git("cat-file", "-t", tree).strip() == b"blob":
        return [RuleFile(Path(f"{revision}:{place}"), _git("cat-file", "blob", tree))]
    names = _git("ls-tree", "--full-tree", "-z", "--name-only", tree).decode().split("\0")
    return [
        RuleFile(
            Path(f"{revision}:{place}/{name}"),
            _git("cat-file", "blob", f"{tree.removesuffix('/')}/{name}"),
        )
        for name in sorted(names)
        if may_hold_rules(name)
    ]


def _git(*arguments: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the revision cannot be an option
            ["git", *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except subprocess.CalledProcessError as error:
        first = error.stderr.decode("utf-8", "replace").partition("\n")[0]
        raise Misconfigured(f"git: {first.removeprefix('fatal: ')}") from None
    except (OSError, subprocess.TimeoutExpired):
        raise Misconfigured("git cannot be run here; give two paths") from None
    return done.stdout
