# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules sign`: the signature that a proxy with a trust key asks for."""

import json
from pathlib import Path

import click

from sidecar.cli.rules.stores import checked
from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.rules import lint, parse_rules, read_files
from sidecar.rules.trust import (
    describe,
    parse_signature,
    read_signing_key,
    sign,
    signature_path,
)
from sidecar.strict_yaml import read_bytes


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The signing key, as `sidecar rules keygen` makes it.",
)
@click.option(
    "--version",
    "asked",
    type=click.IntRange(min=1),
    help="The version of this set; else one more than that of the signature that is there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, key: Path, asked: int | None, *, as_json: bool) -> None:
    """Sign a set of rules: PATH is a folder, or one file.

    The signature names every rule file and every file of test cases by its hash, and the whole by a
    version. It is written beside them, into rules.sig in the folder or FILE.sig, and belongs into
    git with them. A proxy that has held a version takes none below it, and no other set of the
    same version. Rules that cannot hold are not signed.

    \b
    Exit codes: 0 signed; 2 the rules cannot hold, or the key or the version will not do.
    """  # noqa: D301 - click's own mark
    files = read_files(path)
    rule_set = checked(parse_rules(files))
    place = signature_path(path)
    version = _version(place, asked)
    manifest = describe(files, version)
    signature = sign(manifest, read_signing_key(key))
    try:
        place.write_bytes(signature.encode())
    except OSError as error:
        raise Misconfigured(f"{place}: cannot be written: {error.strerror}") from None
    for advice in lint(rule_set):
        click.echo(f"warning: {advice.where}: {advice.why} [{advice.word}]", err=True)
    report = {"signature": str(place), "version": version, "key": signature.key_id}
    report["files"] = [name for name, _ in manifest.files]
    count = counted(len(files), "file")
    text = f"signed version {version}, {count}, with key {signature.key_id}: {place}"
    click.echo(json.dumps(report) if as_json else text)


def _version(place: Path, asked: int | None) -> int:
    """The version to sign: more than that of the signature in its place."""
    if not place.exists():
        return asked or 1
    try:
        last = parse_signature(read_bytes(place)).manifest.version
    except Misconfigured as error:
        if asked is None:
            raise Misconfigured(f"{place}: {error.why}; say which --version this is") from None
        return asked
    if asked is not None and asked <= last:
        raise Misconfigured(f"version {asked}: {place} has version {last} already")
    return asked or last + 1
