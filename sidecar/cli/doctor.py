# SPDX-License-Identifier: Apache-2.0
"""`sidecar doctor`: the whole chain, proved link by link, with what to do where one is broken."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click
import uvloop

from sidecar import canary, kms_access, logs, proof
from sidecar.cli import missing_cmk
from sidecar.cli.config_option import config_option
from sidecar.config import Config, EmbeddedKms, load_config
from sidecar.errors import Misconfigured, SidecarError
from sidecar.proxy.reaching import reach
from sidecar.proxy.settings import Upstream
from sidecar.rules import RuleSet, spell_authority
from sidecar.serving import Parts, assembled


class Finding(NamedTuple):
    """One link of the chain; `detail` says what was found, or what to do."""

    name: str
    passed: bool
    detail: str


class Examination:
    """Takes steps, and tells each finding to `tell` as it is made."""

    def __init__(self, tell: Callable[[Finding], None]) -> None:
        self.findings: list[Finding] = []
        self._tell = tell

    async def take[T](
        self, name: str, step: Callable[[], Awaitable[T]], word: Callable[[T], str]
    ) -> T | None:
        """The result of `step`, in the words of `word`; None where it failed."""
        try:
            result = await step()
            finding = Finding(name, passed=True, detail=word(result))
        except SidecarError as error:
            result = None
            detail = str(error).removeprefix(name).lstrip(": ")  # the report has the name already
            finding = Finding(name, passed=False, detail=detail)
        self.findings.append(finding)
        self._tell(finding)
        return result


@click.command()
@config_option("The configuration that is examined.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, *, as_json: bool) -> None:
    """Prove the whole chain link by link, and say what to do where one is broken.

    Configuration, rules, the KMS, certificates, every suite, every CMK and lookup key, every
    upstream; at last a canary is written through a proxy under each CMK into a small store of its
    own: the bytes there must not hold it, and reading must return it. Your stores are reached, and
    nothing is sent to them. A proxy that runs already is not disturbed.

    \b
    Exit codes: 0 everything holds; 1 something does not.
    """  # noqa: D301 - click's own mark
    logs.configure()
    examination = Examination(lambda finding: None if as_json else _print(finding))
    uvloop.run(_examine(path, examination))
    passed = all(finding.passed for finding in examination.findings)
    if as_json:
        findings = [finding._asdict() for finding in examination.findings]
        click.echo(json.dumps({"passed": passed, "findings": findings}, ensure_ascii=False))
    else:
        click.echo("everything holds" if passed else "something does not hold; see ✗ above")
    sys.exit(0 if passed else 1)


def _print(finding: Finding) -> None:
    click.echo(f"{'✓' if finding.passed else '✗'} {finding.name}: {finding.detail}")


async def _examine(path: Path, examination: Examination) -> None:
    """Take every step that can be taken; what needs a broken link is not tried."""
    asyncio.get_running_loop().set_exception_handler(logs.log_loop_trouble)
    take = examination.take
    config = await take("configuration", partial(_load, path), _word_config)
    if config is None:
        return
    rule_set = await take("rules", partial(_read, config), _word_rules)
    if rule_set is None:
        return
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        kms = await take(
            "KMS",
            lambda: enter(kms_access.reachable(config.kms)),
            lambda found: f"{_whose(config)}, {found.endpoint}",
        )
        if kms is None:
            return
        await take("KMS connection", lambda: reach(kms.upstream, _patience(config)), str)
        parts = await take(
            "listeners and certificates",
            lambda: enter(assembled(config, rule_set, kms)),
            lambda _: "fit together, and every certificate is in force",
        )
        if parts is not None:
            await _examine_parts(config, parts, examination)


async def _examine_parts(config: Config, parts: Parts, examination: Examination) -> None:
    for step in proof.steps(parts.rule_set, parts.keyring):
        await examination.take(step.name, partial(_prove, step, config, parts.rule_set), str)
    upstreams = [each.upstream for each in config.listeners]
    stores = [each for each in upstreams if isinstance(each, Upstream) and each.host]
    for store in dict.fromkeys(stores):
        await examination.take("upstream", partial(reach, store, _patience(config)), str)
    for cmk in dict.fromkeys(rule.cmk for rule in parts.rule_set.rules):
        name = f"canary under {cmk.seal}"
        await examination.take(name, partial(canary.fly, parts.keyring, cmk), str)


async def _prove(step: proof.Step, config: Config, rule_set: RuleSet) -> str:
    try:
        return await step.prove()
    except Misconfigured as error:
        raise missing_cmk.explained(error, config.kms, rule_set) from error


async def _load(path: Path) -> Config:
    return load_config(path)


async def _read(config: Config) -> RuleSet:
    return config.rules.read().rule_set


def _patience(config: Config) -> float:
    return config.limits.connect_seconds


def _whose(config: Config) -> str:
    if isinstance(config.kms, EmbeddedKms):
        return f"our own in {config.kms.directory}"
    return "one that runs elsewhere"


def _word_config(config: Config) -> str:
    places = ", ".join(spell_authority(each.host, each.port) for each in config.listeners)
    return f"listeners at {places}"


def _word_rules(rule_set: RuleSet) -> str:
    names = ", ".join(rule.name for rule in rule_set.rules)
    return f"{names} (digest {rule_set.digest[:12]})"
