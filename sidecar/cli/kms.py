# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms`: make, serve, call and audit the bundled KMS core."""

import contextlib
import dataclasses
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sidecar import logs
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.errors import Misconfigured
from sidecar.kms import audit, installation, server
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.store import Database
from sidecar.strict_yaml import find_address

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)

directory_option = click.option(
    "--dir",
    "directory",
    type=FOLDER,
    default=Path("kms"),
    show_default=True,
    help="The folder of the KMS core.",
)
config_option = click.option(
    "-c", "--config", type=FILE, help="Its configuration, where that is not DIR/kms.yaml."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def command() -> None:
    """Make, serve and call the bundled KMS core.

    It keeps CMKs in a PKCS#11 token and speaks the KMS API (2016-01-20) of Alibaba Cloud, so the
    vendor's SDKs work with it unchanged.
    """


@command.command(short_help="Make a KMS core in a folder, with its first access keys.")
@directory_option
@click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="A name or address by which clients reach it; may be repeated. Makes it serve over TLS.",
)
@json_option
def init(directory: Path, hosts: tuple[str, ...], *, as_json: bool) -> None:
    """Make a KMS core in a folder: SoftHSM token, database, and two access keys.

    What exists is left alone, so it may be run again. The administrator's access key is printed
    once; it stands in DIR/credentials.json, which only its owner can read. DIR/sidecar.json holds
    another, which may use CMKs but not make, change or delete them: give sidecars that one.

    Without --host it serves plain HTTP on loopback alone. With it there is a private CA as well,
    and a server certificate, which a later `init` with the same names replaces a year before it
    ends. Give clients DIR/ca.pem; the key beside it leaves this folder never.
    """
    made = installation.make(directory, hosts)
    if as_json:
        told = {"directory": str(directory.resolve()), "made": made is not None}
        click.echo(json.dumps(told | (made._asdict() if made else {})))
    elif made is None:
        click.echo(f"{directory} holds a KMS core already; it was left as it is.")
    else:
        click.echo(f"A KMS core stands in {directory}. Its administrator's access key, shown once:")
        click.echo("\n".join(f"  {name:18} {value}" for name, value in made._asdict().items()))
        click.echo(f"Serve it with: sidecar kms serve --dir {directory}")
        click.echo(f"The access key for sidecars stands in {directory / 'sidecar.json'}.")


@command.command(short_help="Serve the KMS API.")
@directory_option
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Listen here instead; port 0 takes a free one.")
@click.option("--exit-with-stdin", is_flag=True, help="End when standard input ends.")
def serve(
    directory: Path, config: Path | None, listen: str | None, *, exit_with_stdin: bool
) -> None:
    """Serve the KMS API until SIGTERM or SIGINT; what is under way is finished first.

    Prints one JSON line with the endpoint once it answers. Before it listens, it proves the token,
    the database, and that every key version of the database is in the token.
    """
    logs.configure()
    settings = _config(directory, config)
    if listen is not None:
        settings = _listening(settings, listen)

    def announce(endpoint: str) -> None:
        click.echo(json.dumps({"endpoint": endpoint, "region": settings.region}))

    server.serve(settings, announce, exit_with_stdin=exit_with_stdin)


@command.command(short_help="Sign and send one call of the KMS API.")
@click.argument("action")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@directory_option
@click.option("--credentials", type=FILE, help="Instead of DIR/credentials.json.")
@click.option("--endpoint", metavar="URL", help="Instead of the one in the credentials.")
@click.option("--ca", type=FILE, help="The CA of an https endpoint; else DIR/ca.pem, if it exists.")
def call(  # noqa: PLR0913, PLR0917 - an argument an option
    action: str,
    parameters: tuple[str, ...],
    directory: Path,
    credentials: Path | None,
    endpoint: str | None,
    ca: Path | None,
) -> None:
    """Sign and send one call of the KMS API, and print the answer as JSON.

    \b
    Examples:
      sidecar kms call CreateKey Description='customers of the shop'
      sidecar kms call CreateAlias KeyId=... AliasName=alias/customers
      sidecar kms call DescribeKey KeyId=alias/customers

    Exit code 1 where the KMS refuses; what it says is printed all the same. A command line can be
    read by others on the machine and stays in the shell's history: no place for a real plaintext.
    """  # noqa: D301 - click's own mark
    if ca is None and (own := directory / "ca.pem").exists():
        ca = own
    client = KmsClient.from_file(credentials or directory / "credentials.json", endpoint, ca)
    try:
        answer = client.call(action, dict(map(_parameter, parameters)))
    except Refusal as refusal:
        click.echo(json.dumps(refusal.answer, indent=2))
        sys.exit(1)
    click.echo(json.dumps(answer, indent=2))


@command.group("audit", short_help="Look at the audit trail of a KMS core.")
def audit_group() -> None:
    """Look at the audit trail of a KMS core, whether it serves now or not."""


@audit_group.command(short_help="Compute the whole chain again.")
@directory_option
@config_option
@click.option(
    "--head", metavar="NUMBER:DIGEST", help="A head that was noted before; it must still be there."
)
@json_option
def verify(directory: Path, config: Path | None, head: str | None, *, as_json: bool) -> None:
    """Compute the whole chain again; exit code 1 names the first record that cannot be trusted.

    Prints the head: the number of the last record, and a digest over all of them. Keep it
    elsewhere from time to time: given as --head later, it shows whether the end was cut off.
    """
    anchor = _head(head) if head is not None else None
    with _database(directory, config) as database, database.snapshot() as connection:
        found = audit.verify(connection, anchor)
    told = {"records": found.sequence, "head": f"{found.sequence}:{found.digest.hex()}"}
    if as_json:
        click.echo(json.dumps({"verified": True, **told}))
    else:
        click.echo(f"verified: {told['records']} records; head {told['head']}")


@audit_group.command()
@directory_option
@config_option
@click.option("-n", "count", type=click.IntRange(1, 100_000), default=20, show_default=True)
@json_option
def tail(directory: Path, config: Path | None, count: int, *, as_json: bool) -> None:
    """Print the newest records, oldest first, one JSON object a line."""
    with _database(directory, config) as database, database.snapshot() as connection:
        records = [link.record for link in audit.tail(connection, count)]
    if as_json:
        click.echo(json.dumps({"records": [json.loads(record) for record in records]}))
    else:
        click.echo("\n".join(records))


def _config(directory: Path, config: Path | None) -> KmsConfig:
    path = config or directory / "kms.yaml"
    if not path.exists():
        raise Misconfigured(
            f"{path} is not there; make it with: sidecar kms init --dir {directory}"
        )
    return load_kms_config(path)


def _listening(settings: KmsConfig, listen: str) -> KmsConfig:
    address = find_address(listen)
    if address is None:
        raise click.BadParameter(
            "expected HOST:PORT, such as 127.0.0.1:28900", param_hint="--listen"
        )
    host, port = address
    return dataclasses.replace(settings, listen_host=host, listen_port=port)


@contextlib.contextmanager
def _database(directory: Path, config: Path | None) -> Iterator[Database]:
    url = _config(directory, config).database_url
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        # SQLite would make an empty one, whose chain verifies.
        raise Misconfigured(f"{url.database} is not there")
    with contextlib.closing(Database(url)) as database:
        yield database


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter("a parameter is written NAME=VALUE", param_hint="PARAMETERS")
    return name, value


def _head(text: str) -> audit.Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise click.BadParameter(
            "expected NUMBER:DIGEST as `verify` prints it", param_hint="--head"
        )
    return audit.Head(int(found[1]), bytes.fromhex(found[2]))
