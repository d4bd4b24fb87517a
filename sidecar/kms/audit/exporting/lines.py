# SPDX-License-Identifier: Apache-2.0
"""A record as it travels: one line of JSON that says itself what it follows.

    {"sequence":7,"previous":"<digest(6)>","digest":"<digest(7)>","record":{...}}

The record stands in it byte for byte as it was hashed. So any run of lines can be verified, without
a database, and whatever was changed on the way is found where it is.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.kms.audit.chain import ChainBroken, Link
from sidecar.kms.audit.verification import Claim

MAX_LINE = 1024 * 1024

_LINE = re.compile(
    rb'\{"sequence":([1-9][0-9]{0,17}),"previous":"([0-9a-f]{64})",'
    rb'"digest":"([0-9a-f]{64})","record":(\{[ -~]*\})\}\n'
)


def line(claim: Claim) -> str:
    """The line of a record, without the line's end."""
    link = claim.link
    return (
        f'{{"sequence":{link.sequence},"previous":"{claim.previous.hex()}",'
        f'"digest":"{link.digest.hex()}","record":{link.record}}}'
    )


def parse(text: bytes, place: str = "") -> Claim | None:
    """The record of a line with its end; None where it is no line of an export."""
    found = _LINE.fullmatch(text)
    if found is None:
        return None
    sequence, previous, digest, record = found.groups()
    link = Link(int(sequence), record.decode("ascii"), bytes.fromhex(digest.decode()))
    return Claim(link, bytes.fromhex(previous.decode()), place)


def read_files(paths: Sequence[Path]) -> Iterator[Claim]:
    """The records of exported files, which may be given in any order."""
    last = 0
    for path in sorted(paths, key=_first):
        for number, text in enumerate(_lines(path), 1):
            place = f"{path}:{number}"
            claim = parse(text, place)
            if claim is None:
                problem = "is cut short" if not text.endswith(b"\n") else "is no exported record"
                raise ChainBroken(last + 1, problem, place)
            yield claim
            last = claim.link.sequence


def _first(path: Path) -> int:
    claim = parse(next(_lines(path), b""))
    return claim.link.sequence if claim else 0


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while text := file.readline(MAX_LINE):
                yield text
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
