# SPDX-License-Identifier: Apache-2.0
"""`sidecar run`: the proxy, and a KMS of its own where none is configured."""

import asyncio
import importlib
import json
from functools import partial
from pathlib import Path

import click
import uvloop

from sidecar import __version__, kms_access, logs
from sidecar import config as configuration
from sidecar.cli import missing_cmk
from sidecar.cli.config_option import config_option
from sidecar.cli.paragraphs import unwrapped
from sidecar.config import Config, read_config
from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Forward, Upstream
from sidecar.rules import Offered, RuleSet, spell_authority
from sidecar.strict_yaml import read_bytes
from sidecar.supervision.reloading import describe
from sidecar.supervision.supervisor import Addresses, Source, supervise


@click.command(epilog=unwrapped(configuration.__doc__))
@config_option("The configuration; what it may say stands below.")
@click.option("--check", is_flag=True, help="Prove everything, listen on nothing, and end.")
def command(path: Path, *, check: bool) -> None:
    """Run the proxy until SIGTERM or SIGINT; what is in flight is finished first.

    Before it listens it proves what it will need: the configuration and the rules, every suite,
    every CMK and lookup key at the KMS, the certificates. Otherwise it ends with exit code 2 and
    says why. Once clients may come it prints one JSON line on standard output:

    \b
      {"listeners": ["127.0.0.1:8080"], "admin": "127.0.0.1:9901", "kms": "http://127.0.0.1:…"}

    Rules and certificates are read again on SIGHUP, and by themselves when their files change. A
    new set of rules is proved by every worker and then holds in all at once, or it is rejected and
    the one before stays: /readyz, metrics and the log tell why. All else in the configuration needs
    a restart. A second SIGTERM or SIGINT cuts what is still under way.
    """  # noqa: D301 - click's own mark
    logs.configure()
    document = read_bytes(path)
    config = read_config(path, document)
    offered = config.rules.read()
    serve = (
        _check(config, offered.rule_set)
        if check
        else _serve(Source(path.resolve(), document), config, offered)
    )
    try:
        uvloop.run(serve)
    except Misconfigured as error:
        raise missing_cmk.explained(error, config.kms, offered.rule_set) from error


async def _check(config: Config, rule_set: RuleSet) -> None:
    serving = importlib.import_module("sidecar.serving")
    async with (
        kms_access.reachable(config.kms) as kms,
        serving.assembled(config, rule_set, kms) as parts,
    ):
        await serving.prove(rule_set, parts.keyring)
    click.echo(f"proved: {describe(rule_set)}, with the KMS at {kms.endpoint}")


async def _serve(source: Source, config: Config, offered: Offered) -> None:
    asyncio.get_running_loop().set_exception_handler(logs.log_loop_trouble)
    announce = partial(_announce, config, offered.rule_set)
    await supervise(config, source, offered, announce)


def _announce(config: Config, rule_set: RuleSet, addresses: Addresses) -> None:
    click.echo(f"sidecar {__version__}: {describe(rule_set)}; KMS at {addresses.kms}", err=True)
    for listener, address in zip(config.listeners, addresses.listeners, strict=True):
        place = _what_stands_behind(listener.upstream, addresses.kms)
        click.echo(f"sidecar: {spell_authority(*address)} {place}", err=True)
    admin = spell_authority(*addresses.admin)
    click.echo(f"sidecar: http://{admin}/readyz and /metrics for operators", err=True)
    listeners = [spell_authority(*address) for address in addresses.listeners]
    click.echo(json.dumps({"listeners": listeners, "admin": admin, "kms": addresses.kms}))


def _what_stands_behind(upstream: Upstream | Forward, kms: str) -> str:
    if isinstance(upstream, Forward):
        return "for HTTP_PROXY and HTTPS_PROXY; what clients have to trust: sidecar ca export"
    target = f"{upstream.scheme}://{upstream.authority}" if upstream.host else kms
    return f"in front of {target}"
