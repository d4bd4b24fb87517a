# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules schema`: the language for editors."""

import click

from sidecar.rules.schema import generate


@click.command()
def command() -> None:
    """Print the JSON Schema of the rule language, with which editors complete and check rules.

    Editors with the YAML language server look for it in a line at the top of the file:

    \b
      sidecar rules schema > rules/schema.json
      # yaml-language-server: $schema=schema.json

    What hangs together across rules and files is checked by `sidecar rules check` alone.
    """  # noqa: D301 - click's own mark
    click.echo(generate(), nl=False)
