# SPDX-License-Identifier: Apache-2.0
"""What the commands of `sidecar kms ram` share: the call, and how its answer is told."""

import json
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sidecar.cli.kms.calling import with_client
from sidecar.cli.kms.options import json_option
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.kms.api.products import RAM
from sidecar.kms.policy import SYSTEM_POLICIES

type Answer = dict[str, Any]


class Desk:
    """Where RAM is asked, and where what it says is told."""

    def __init__(self, client: KmsClient, *, as_json: bool) -> None:
        self.endpoint = client.endpoint
        self._client = client
        self._as_json = as_json

    def ask(self, action: str, **parameters: str | None) -> Answer:
        """The answer; a refusal ends the command."""
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            return self._client.call(action, given, RAM.version)
        except Refusal as refusal:
            if self._as_json:
                click.echo(json.dumps(refusal.answer))
            else:
                click.echo(f"sidecar: {_sentence(refusal.answer)}", err=True)
            sys.exit(1)

    def ask_all(self, action: str, outer: str, inner: str, **parameters: str) -> list[Answer]:
        """Every entry of a list, page by page."""
        entries: list[Answer] = []
        marker = ""
        while True:
            page = self.ask(action, MaxItems="1000", Marker=marker, **parameters)
            entries += page[outer][inner]
            if not page["IsTruncated"]:
                return entries
            marker = page["Marker"]

    def warn(self, lines: Iterable[str]) -> None:
        """Beside what is told, for people; JSON has it in the answer."""
        if not self._as_json:
            for line in lines:
                click.echo(f"warning: {line}", err=True)

    def do(self, told: str, action: str, **parameters: str) -> None:
        """Ask, and tell this sentence once it is done."""
        self.tell(self.ask(action, **parameters), [told])

    def tell(self, answer: object, lines: Iterable[str]) -> None:
        """As JSON, or as lines for people."""
        if self._as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            for line in lines:
                click.echo(line)


def _sentence(answer: Answer) -> str:
    told = f"{answer.get('Code')}: {answer.get('Message')}"
    if answer.get("Code") == "Forbidden.NoPermission":
        told += " It takes rights on RAM: in kms.yaml, give the user AliyunRAMFullAccess."
    return told


def at_the_desk(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a call, and a `desk` for them."""

    @with_client
    @json_option
    @wraps(function)
    def command(*args: object, client: KmsClient, as_json: bool, **options: object) -> None:
        function(Desk(client, as_json=as_json), *args, **options)

    return command


def type_of(policy: str) -> str:
    """Whose a policy is: the vendor's names are taken."""
    return "System" if policy in SYSTEM_POLICIES else "Custom"


def read_document(file: Path) -> str:
    """The policy in a file: JSON, read by RAM itself."""
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise click.FileError(str(file), "it cannot be read as text") from error
