# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit verify`: is the trail what was written?"""

import json
import re
from pathlib import Path

import click

from sidecar.cli.kms.options import (
    FILE,
    config_option,
    directory_option,
    json_option,
    open_database,
)
from sidecar.errors import Misconfigured
from sidecar.kms import audit
from sidecar.kms.audit.checkpoint import Keys, key_id_of, read_key
from sidecar.kms.audit.exporting.lines import read_files
from sidecar.kms.audit.verification import verify_export


@click.command()
@click.argument("files", nargs=-1, type=FILE)
@directory_option
@config_option
@click.option(
    "--key",
    "key_files",
    type=FILE,
    multiple=True,
    help="A public key, as `audit public-key` prints it; repeated where there were several.",
)
@click.option(
    "--head", metavar="NUMBER:DIGEST", help="A head that was noted before; it must still be there."
)
@click.option(
    "--from",
    "first",
    type=click.IntRange(1),
    default=1,
    help="Begin with this record: what is older was verified before, or put away.",
)
@json_option
def command(  # noqa: PLR0913, PLR0917 - an argument an option
    files: tuple[Path, ...],
    directory: Path,
    config: Path | None,
    key_files: tuple[Path, ...],
    head: str | None,
    first: int,
    *,
    as_json: bool,
) -> None:
    """Verify exported FILES, or without any the database of the core.

    Exit code 1 names the first record that cannot be trusted, and in FILES the line. FILES need
    neither a database nor a token: the lines that an export wrote, and --key.

    \b
    Examples:
      sidecar kms audit public-key > audit-key.pem       # once; keep it elsewhere
      sidecar kms audit verify --key audit-key.pem audit/audit-*.jsonl
      sidecar kms audit verify --key audit-key.pem --head NUMBER:DIGEST

    With --key, every record up to the newest checkpoint is known to be what the KMS wrote. Whether
    the end was cut off shows only beside a head that was noted elsewhere: what this prints for the
    exported files is such a head for the database, and the other way round. Together with --from
    NUMBER+1 only what came after it is verified: a long trail takes a minute for each few million
    records.
    """  # noqa: D301 - click's own mark
    anchor = _head(head) if head is not None else None
    keys = _keys(key_files)
    if files:
        found = verify_export(read_files(files), keys, anchor, first)
    else:
        with open_database(directory, config) as database, database.snapshot() as connection:
            found = audit.verify(connection, anchor, keys, first)
    if as_json:
        click.echo(json.dumps(_told(found, is_checked=keys is not None)))
    else:
        click.echo("\n".join(_sentences(found, is_checked=keys is not None)))


def _told(found: audit.Verified, *, is_checked: bool) -> dict[str, object]:
    return {
        "verified": True,
        "records": found.total,
        "first": found.first,
        "head": _text(found.head),
        "signatures_checked": is_checked,
        "signed_to": found.signed_to,
        "signed_at": found.signed_at or None,
    }


def _sentences(found: audit.Verified, *, is_checked: bool) -> list[str]:
    told = f"verified: {found.total} records, from number {found.first}; head {_text(found.head)}"
    if not is_checked:
        hint = "signatures were not checked: that takes --key (sidecar kms audit public-key)"
        return [told, hint]
    signed = (
        f"signed: up to record {found.signed_to}, at {found.signed_at}; "
        f"{found.sequence - found.signed_to} after it have no signature yet"
    )
    return [told, signed]


def _text(head: audit.Head) -> str:
    return f"{head.sequence}:{head.digest.hex()}"


def _keys(files: tuple[Path, ...]) -> Keys | None:
    keys = {}
    for path in files:
        try:
            key = read_key(path.read_bytes(), str(path))
        except OSError as error:
            raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
        keys[key_id_of(key)] = key
    return keys or None


def _head(text: str) -> audit.Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise click.BadParameter(
            "expected NUMBER:DIGEST as `verify` prints it", param_hint="--head"
        )
    return audit.Head(int(found[1]), bytes.fromhex(found[2]))
