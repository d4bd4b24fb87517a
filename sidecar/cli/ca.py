# SPDX-License-Identifier: Apache-2.0
"""`sidecar ca`: the CA that forward listeners sign with, for those who have to trust it."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from sidecar.cli import trusting
from sidecar.cli.config_option import config_option
from sidecar.config import Config, load_config
from sidecar.errors import Misconfigured
from sidecar.proxy.interception import ca_source
from sidecar.proxy.naming import read_destination
from sidecar.proxy.settings import Forward
from sidecar.rules import spell_authority

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)


@click.group()
def command() -> None:
    """Hand out the CA that clients of forward listeners have to trust."""


@command.command("export")
@config_option("The configuration whose `ca` is meant.")
@click.option(
    "--bundle", is_flag=True, help="Put it behind the authorities that this machine trusts."
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file, not here."
)
@click.option(
    "--for",
    "language",
    type=click.Choice(sorted(trusting.LANGUAGES)),
    help="Print instead what to set, in a shell, before the application is started.",
)
@click.option("--json", "as_json", is_flag=True, help="Print what is known of it, and itself.")
def export(
    path: Path, out: Path | None, language: str | None, *, bundle: bool, as_json: bool
) -> None:
    """Print the CA's certificate as PEM.

    Where there is none yet, it is made first. A forward listener answers in the name of hosts that
    rules name, and of no other: clients have to trust its CA for these. Where nothing else is
    configured it is a CA of this installation's own, kept in the folder `ca`; its certificate is
    good for these hosts alone and is made again every few weeks, so let applications read the file
    at their start.

    \b
      sidecar ca export                                   # the certificate
      sidecar ca export --bundle --out bundle.pem         # for what takes one file for all
      eval "$(sidecar ca export --for python)"            # python, node, java, go, curl, dotnet
    """  # noqa: D301 - click's own mark
    config = load_config(path)
    trusted = _trusted(config)
    if language is not None:
        click.echo(trusting.instructions(language, path, _proxy_url(config)), nl=False)
        return
    pem = "".join(each.public_bytes(Encoding.PEM).decode() for each in trusted)
    text = _system_bundle() + pem if bundle else pem
    if out is not None:
        _write(out, text)
    if as_json:
        click.echo(json.dumps(_facts(trusted, pem, out), indent=2))
    elif out is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"written: {out}", err=True)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text)
    except OSError as error:
        raise Misconfigured(f"{out}: cannot be written: {error.strerror}") from None


def _trusted(config: Config) -> list[x509.Certificate]:
    source = ca_source(config.ca)
    rules = config.rules.read().rule_set.rules
    hosts = {read_destination(host, None)[0] for rule in rules for host in rule.store.hosts}
    source.ready(hosts, dt.datetime.now(dt.UTC))
    return source.trusted()


def _proxy_url(config: Config) -> str:
    """Where clients find the first forward listener."""
    for listener in config.listeners:
        if isinstance(listener.upstream, Forward):
            host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listener.host, listener.host)  # noqa: S104 - to be reached
            scheme = "http" if listener.tls is None else "https"
            return f"{scheme}://{spell_authority(host, listener.port)}"
    raise Misconfigured("no listener has `mode: forward`, so there is nobody to trust")


def _system_bundle() -> str:
    for name in _BUNDLES:
        if Path(name).is_file():
            return Path(name).read_text()
    raise Misconfigured(f"--bundle: no authorities of this machine at {', '.join(_BUNDLES)}")


def _facts(trusted: list[x509.Certificate], pem: str, out: Path | None) -> dict[str, Any]:
    first = trusted[0]
    return {
        "subject": first.subject.rfc4514_string(),
        "sha256": first.fingerprint(hashes.SHA256()).hex(),
        "not_after": first.not_valid_after_utc.isoformat(),
        "file": str(out) if out else None,
        "pem": pem,
    }
