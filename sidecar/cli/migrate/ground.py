# SPDX-License-Identifier: Apache-2.0
"""What every migration stands on: the proxy's own configuration, its rules and its keys."""

import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

import click

from sidecar import kms_access
from sidecar.cli import missing_cmk
from sidecar.config import load_config
from sidecar.errors import Misconfigured
from sidecar.keys import Keyring
from sidecar.keys.providers.kms import KmsProvider
from sidecar.migration import Report
from sidecar.rules import Phase, Rule, RuleSet


class Ground(NamedTuple):
    """The rules in force, and the keys of their KMS; `limit` is in bytes of one record."""

    rules: RuleSet
    keyring: Keyring
    provider: KmsProvider
    limit: int


@asynccontextmanager
async def laid(path: Path) -> AsyncIterator[Ground]:
    """The ground that the `sidecar.yaml` at `path` describes."""
    config = load_config(path)
    rules = config.rules.read().rule_set
    async with kms_access.reachable(config.kms) as kms:
        provider = KmsProvider(kms.endpoint, kms.region, kms.key, tls=kms.tls)
        keyring = Keyring(provider, config.keys)
        try:
            yield Ground(rules, keyring, provider, config.held_body)
        except Misconfigured as error:
            raise missing_cmk.explained(error, config.kms, rules) from error
        finally:
            await keyring.aclose()


async def prove(rule: Rule, keyring: Keyring) -> None:
    """Misconfigured where a rule watches only, or its keys cannot be had."""
    if rule.phase is Phase.MONITOR:
        raise Misconfigured(
            f"{rule.where}: rule {rule.name!r} only watches, so new values would stay unsealed "
            "behind this; say `phase: migrate` first"
        )
    await keyring.prove(rule.cmk)


def end(report: Report, *, as_json: bool) -> NoReturn:
    """Print the report, and end with its exit code."""
    if as_json:
        click.echo(json.dumps(report.facts(), ensure_ascii=False))
    else:
        click.echo("\n".join(report.lines()))
    sys.exit(0 if report.passed else 1)


def json_option[F: Callable[..., object]](command: F) -> F:
    """`--json`, as everywhere."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)
