# SPDX-License-Identifier: Apache-2.0
"""`sidecar envelope`: look at sealed values without a key."""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from sidecar.envelope import (
    MAX_ENVELOPE_LENGTH,
    SALT_LENGTH,
    SUITES,
    KeyKind,
    from_text,
    is_sealed_text,
    parse,
)
from sidecar.errors import Malformed

MAX_SOURCE_LENGTH = 2 * MAX_ENVELOPE_LENGTH
"""Bytes looked into at once; room for the longest envelope as text."""

# Wider than base64url, so that a value spoilt on its way is shown as malformed, not overlooked.
_CLAIM = re.compile(r"enc:[0-9]+:[A-Za-z0-9_=+/-]*")
# A CiphertextBlob of the KMS: CMK version id, IV (12), ciphertext, tag (16).
_KMS_BLOB = re.compile(rb"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}).{28}", re.DOTALL)

type Facts = dict[str, str | int]


class Found(NamedTuple):
    """Something that claims to be an envelope, in text or raw, and where it stands."""

    where: str
    claim: str | bytes


@click.group()
def command() -> None:
    """Look at sealed values without opening them.

    The format is explained in sidecar/envelope/FORMAT.md.
    """


@command.command()
@click.argument("texts", metavar="[TEXT]...", nargs=-1)
@click.option(
    "--file",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Look into a file: text, JSON, or one raw envelope.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def inspect(texts: tuple[str, ...], files: tuple[Path, ...], *, as_json: bool) -> None:
    """Tell what sealed values say of themselves: suite, key, lengths. No key is needed.

    TEXT is a sealed value (enc:1:...) or anything with sealed values in it: a JSON document, lines
    of JSON, a log. "-", or no TEXT at all, reads standard input.

    Nothing told here is proven: it is what the bytes claim until they are opened.

    \b
    Examples:
      sidecar envelope inspect enc:1:AQEBAGw...
      curl -s store:9200/customers/_doc/42 | sidecar envelope inspect
      sidecar envelope inspect --json --file export.ndjson

    \b
    Exit codes: 0 all are well formed; 1 one is malformed, or there is none; 2 wrong usage.
    """  # noqa: D301 - click's own mark
    sources = [*_read_texts(texts or (() if files else ("-",))), *_read_files(files)]
    told = [_tell(found) for found in sources]
    if not told:
        click.echo("sidecar: no sealed value (enc:1:...) in what was given", err=True)
    elif as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo("\n\n".join(map(_as_text, told)))
    sys.exit(0 if told and not any("error" in facts for facts in told) else 1)


def _read_texts(texts: Iterable[str]) -> Iterator[Found]:
    for number, text in enumerate(texts, 1):
        if text == "-":
            yield from _search("stdin", _read("stdin", sys.stdin.buffer))
        else:
            yield from _search(f"TEXT {number}", text.encode(errors="replace"))


def _read_files(files: Iterable[Path]) -> Iterator[Found]:
    for path in files:
        with path.open("rb") as file:
            yield from _search(str(path), _read(str(path), file))


def _read(source: str, file: BinaryIO) -> bytes:
    data = file.read(MAX_SOURCE_LENGTH + 1)
    if len(data) > MAX_SOURCE_LENGTH:
        raise click.UsageError(f"{source} holds more than {MAX_SOURCE_LENGTH} bytes; split it")
    return data


def _search(source: str, data: bytes) -> Iterator[Found]:
    """What claims to be an envelope in `data`: the whole, in one JSON document, or in its lines."""
    if data[:1] == b"\x01":  # no text starts with this byte, and every raw envelope does
        yield Found(source, data)
        return
    text = data.decode(errors="replace")
    document = _find_document(text)
    if document is not None:
        yield from _walk(f"{source} $", document)
        return
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        where = f"{source} line {number}" if len(lines) > 1 else source
        document = _find_document(line)
        if document is not None:
            yield from _walk(f"{where} $", document)
        elif is_sealed_text(line.strip()):
            yield Found(where, line.strip())
        else:
            yield from (Found(where, claim) for claim in _CLAIM.findall(line))


def _find_document(text: str) -> object | None:
    try:
        document: object = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return document


def _walk(where: str, document: object) -> Iterator[Found]:
    """The sealed strings of a JSON document in their order, each with its path."""
    pending = [(where, document)]
    while pending:
        where, value = pending.pop()
        if isinstance(value, str) and is_sealed_text(value):
            yield Found(where, value)
        elif isinstance(value, dict):
            pending += [(where + _step(name), value[name]) for name in reversed(value)]
        elif isinstance(value, list):
            pending += [(f"{where}[{at}]", value[at]) for at in reversed(range(len(value)))]


def _step(name: str) -> str:
    return f".{name}" if name.isidentifier() else f"[{name!r}]"


def _tell(found: Found) -> Facts:
    """What one envelope says of itself, or why it is none."""
    facts: Facts = {"where": found.where}
    try:
        data = from_text(found.claim) if isinstance(found.claim, str) else found.claim
        envelope = parse(data)
    except Malformed as error:
        return facts | {"error": error.why}
    suite = SUITES[envelope.suite]
    facts |= {"version": data[0], "suite": suite.id, "suite_name": suite.name}
    if envelope.key_kind is KeyKind.EDK:
        facts |= {"key": "edk", "edk_bytes": len(envelope.key)}
        if blob := _KMS_BLOB.match(envelope.key):
            facts["cmk_version"] = blob[1].decode()
        facts["salt"] = bytes(envelope.body[:SALT_LENGTH]).hex()
    else:
        facts |= {"key": "lookup", "lookup_key": envelope.key.hex()}
    length = len(envelope.body)
    return facts | {"body_bytes": length, "plaintext_bytes": suite.plaintext_length(length)}


def _as_text(facts: Facts) -> str:
    if "error" in facts:
        return f"{facts['where']}\n  malformed    {facts['error']}"
    key = f"EDK of {facts['edk_bytes']} bytes" if facts["key"] == "edk" else "lookup key"
    rows = {
        "version": facts["version"],
        "suite": f"{facts['suite']} {facts['suite_name']}",
        "key": key,
        "CMK version": facts.get("cmk_version"),
        "lookup key": facts.get("lookup_key"),
        "salt": facts.get("salt"),
        "body": f"{facts['body_bytes']} bytes",
        "plaintext": f"{facts['plaintext_bytes']} bytes",
    }
    lines = [f"  {name:12} {value}" for name, value in rows.items() if value is not None]
    return "\n".join([str(facts["where"]), *lines])
