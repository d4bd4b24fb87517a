# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules`: check rules before they hold, and make the keys that searching needs."""

import asyncio
import json
import sys
from base64 import b64encode
from pathlib import Path

import click

from sidecar.backends import BACKENDS
from sidecar.config import read_credentials
from sidecar.errors import Misconfigured
from sidecar.keys import KeyContext
from sidecar.keys.providers.kms import KmsProvider
from sidecar.rules import (
    Advice,
    Faults,
    Rule,
    RuleSet,
    explain,
    explain_binding,
    explain_field,
    lint,
    read_rules,
)
from sidecar.signing import AccessKey


@click.group()
def command() -> None:
    """Check the rules that name the fields to seal.

    The language is explained in sidecar/rules/LANGUAGE.md; examples stand in rules/.
    """


@command.command(short_help="Read rules as the proxy would, and tell what is wrong.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Let warnings fail the check as errors do.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(paths: tuple[Path, ...], *, strict: bool, as_json: bool) -> None:
    """Read rules as the proxy would, and tell everything that is wrong or unwise about them.

    PATHS are rule files, or folders of *.yaml and *.yml files; all of them hold together.

    \b
    Exit codes: 0 the rules can hold; 1 they cannot, or --strict and there are warnings; 2 wrong
    usage.
    """  # noqa: D301 - click's own mark
    rules: tuple[Rule, ...] = ()
    errors: list[str] = []
    advices: list[Advice] = []
    try:
        rule_set = read_rules(*paths)
        _bind(rule_set)
    except Faults as faults:
        errors = [error.why for error in faults.found]
    except Misconfigured as error:
        errors = [error.why]
    else:
        rules, advices = rule_set.rules, lint(rule_set)
    passed = not errors and not (strict and advices)
    report = _as_json if as_json else _as_text
    click.echo(report(rules, errors, advices, passed=passed))
    sys.exit(0 if passed else 1)


def _bind(rule_set: RuleSet) -> None:
    """Prove that each store can do what its rules ask of it."""
    for rule in rule_set.rules:
        BACKENDS[rule.store.kind].bind(rule)


def _as_json(
    rules: tuple[Rule, ...], errors: list[str], advices: list[Advice], *, passed: bool
) -> str:
    report = {
        "passed": passed,
        "errors": errors,
        "warnings": [advice._asdict() for advice in advices],
        "rules": [explain(rule) for rule in rules],
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _as_text(
    rules: tuple[Rule, ...], errors: list[str], advices: list[Advice], *, passed: bool
) -> str:
    lines = [line for rule in rules for line in _rule_lines(rule)]
    lines += [f"error: {error}" for error in errors]
    lines += [f"warning: {item.where}: {item.why} [{item.word}]" for item in advices]
    counts = (len(rules), "rule"), (len(errors), "error"), (len(advices), "warning")
    total = ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in counts)
    return "\n".join([*lines, f"{'passed' if passed else 'failed'}: {total}"])


def _rule_lines(rule: Rule) -> list[str]:
    store, hosts = rule.store.name, ", ".join(rule.store.hosts)
    fields = {str(item.path): explain_field(item) for item in rule.fields}
    width = max(map(len, fields))
    return [
        f"{rule.name} ({rule.phase.value}): store {store} at {hosts}, under {rule.cmk.seal}",
        f"  on {', '.join(str(route) for route in rule.routes)}",
        f"  opening for {explain_binding(rule)}",
        *(f"    {path:{width}}  {meaning}" for path, meaning in fields.items()),
        "",
    ]


@command.command("lookup-key", short_help="Make a lookup key, for fields that are searched for.")
@click.option("--cmk", required=True, metavar="ID", help="The rule's `cmk`: an alias, id or ARN.")
@click.option("--store", required=True, metavar="NAME", help="The name of the rule's store.")
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("kms/credentials.json"),
    show_default=True,
    help="The access key to ask with, as `sidecar kms init` writes it.",
)
@click.option("--endpoint", metavar="URL", help="The KMS, if not the one in the credentials.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authority that the KMS is trusted under.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def lookup_key(  # noqa: PLR0913 - one argument an option
    cmk: str, store: str, credentials: Path, endpoint: str | None, ca: Path | None, *, as_json: bool
) -> None:
    """Make a lookup key, which a rule with `search: equality` or `format: digits` needs.

    The KMS makes it and gives it out sealed under the CMK, for this store alone. What is printed is
    that sealed form: it belongs into the rule file and may stand in git. To rotate, put the new key
    first and leave the one before it second.
    """
    stored = read_credentials(credentials)
    endpoint = endpoint or stored.get("endpoint")
    if endpoint is None:
        raise Misconfigured(f"{credentials}: no endpoint of a KMS here; say --endpoint URL")
    key = AccessKey(stored["access_key_id"], stored["access_key_secret"])
    provider = KmsProvider(endpoint, stored.get("region", ""), key, ca=ca)
    text = b64encode(asyncio.run(_make_lookup_key(provider, cmk, store))).decode()
    click.echo(json.dumps({"lookup_key": text}) if as_json else f'lookup_keys: ["{text}"]')


async def _make_lookup_key(provider: KmsProvider, cmk: str, store: str) -> bytes:
    async with provider:
        return await provider.generate_lookup_key(cmk, KeyContext(store, tenant=""))
