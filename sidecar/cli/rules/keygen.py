# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules keygen`: the key that signs rules, and the public half that proxies trust."""

import json
import os
from pathlib import Path

import click

from sidecar.errors import Misconfigured
from sidecar.rules.trust import generate_key, read_trust_keys


@click.command()
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    default=Path("rules.key"),
    show_default=True,
    help="The signing key, made for its owner alone.",
)
@click.option(
    "--trust",
    type=click.Path(path_type=Path),
    default=Path("rules.pub"),
    show_default=True,
    help="The public key, to be named in sidecar.yaml.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(key: Path, trust: Path, *, as_json: bool) -> None:
    """Make an Ed25519 key that signs rules.

    Keep the signing key where rules are reviewed, never beside a proxy. Whoever has it decides what
    is protected. No file that exists is overwritten.

    \b
    Then:
      sidecar rules sign rules/ --key rules.key
      rules: {path: rules/, trust: rules.pub}       # in sidecar.yaml
    """  # noqa: D301 - click's own mark
    private, public = generate_key()
    _write_new(key, private, 0o600)
    try:
        _write_new(trust, public, 0o644)
    except Misconfigured:
        key.unlink()  # or it would stand in the way of another try
        raise
    (made,) = read_trust_keys(trust)
    report = {"id": made.id, "key": str(key), "trust": str(trust)}
    text = f"made key {made.id}: {key} signs, {trust} is trusted"
    click.echo(json.dumps(report) if as_json else text)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be made: {error.strerror}") from None
