# SPDX-License-Identifier: Apache-2.0
"""`sidecar run`: the proxy, and a KMS of its own where none is configured."""

import asyncio
import importlib
import json
import signal
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import uvloop

from sidecar import __version__, kms_access, logs
from sidecar import config as configuration
from sidecar.cli import missing_cmk
from sidecar.config import Config, load_config
from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Forward, Upstream
from sidecar.rules import Offered, RuleSet

if TYPE_CHECKING:
    from sidecar.serving import Addresses


def _sidecar_yaml() -> str:
    """The documentation of the configuration, in paragraphs that are not wrapped again."""
    return "\n\n".join(f"\b\n{part}" for part in (configuration.__doc__ or "").split("\n\n"))


@click.command(epilog=_sidecar_yaml())
@click.option(
    "-c",
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("sidecar.yaml"),
    show_default=True,
    help="The configuration; what it may say stands below.",
)
@click.option("--check", is_flag=True, help="Prove everything, listen on nothing, and end.")
def command(path: Path, *, check: bool) -> None:
    """Run the proxy until SIGTERM or SIGINT; what is in flight is finished first.

    Before it listens it proves what it will need: the configuration and the rules, every suite,
    every CMK and lookup key at the KMS, the certificates. Otherwise it ends with exit code 2 and
    says why. Once clients may come it prints one JSON line on standard output:

    \b
      {"listeners": ["127.0.0.1:8080"], "admin": "127.0.0.1:9901", "kms": "http://127.0.0.1:…"}
    """  # noqa: D301 - click's own mark
    logs.configure()
    config = load_config(path)
    uvloop.run(_run(config, config.rules.read(), check=check))


async def _run(config: Config, offered: Offered, *, check: bool) -> None:
    rule_set = offered.rule_set
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.log_loop_trouble)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        # Our own KMS and this process's larger half take a second each to start: side by side.
        kms, serving = await asyncio.gather(
            stack.enter_async_context(kms_access.reachable(config.kms)),
            asyncio.to_thread(importlib.import_module, "sidecar.serving"),
        )
        try:
            if check:
                async with serving.assembled(config, rule_set, kms) as parts:
                    await serving.prove(parts)
                click.echo(f"proved: {_rules(rule_set)}, with the KMS at {kms.endpoint}")
            else:
                announce = partial(_announce, config, rule_set)
                await serving.serve(config, offered, kms, stop, announce)
        except Misconfigured as error:
            raise missing_cmk.explained(error, config.kms, rule_set) from error


def _announce(config: Config, rule_set: RuleSet, addresses: "Addresses") -> None:
    click.echo(f"sidecar {__version__}: {_rules(rule_set)}; KMS at {addresses.kms}", err=True)
    for listener, address in zip(config.listeners, addresses.listeners, strict=True):
        place = _what_stands_behind(listener.upstream, addresses.kms)
        click.echo(f"sidecar: {_spell(address)} {place}", err=True)
    admin = _spell(addresses.admin)
    click.echo(f"sidecar: http://{admin}/readyz and /metrics for operators", err=True)
    listeners = [_spell(address) for address in addresses.listeners]
    click.echo(json.dumps({"listeners": listeners, "admin": admin, "kms": addresses.kms}))


def _what_stands_behind(upstream: Upstream | Forward, kms: str) -> str:
    if isinstance(upstream, Forward):
        return "for HTTP_PROXY and HTTPS_PROXY; what clients have to trust: sidecar ca export"
    target = f"{upstream.scheme}://{upstream.authority}" if upstream.host else kms
    return f"in front of {target}"


def _rules(rule_set: RuleSet) -> str:
    count = len(rule_set.rules)
    return f"{count} rule{'s' if count > 1 else ''} in force (digest {rule_set.digest[:12]})"


def _spell(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
