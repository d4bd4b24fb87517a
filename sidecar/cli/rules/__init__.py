# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules`: what the people who answer for the data do with their rules."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "check": "Read rules as the proxy would, and tell what is wrong.",
    "explain": "Tell what the proxy would do with one request, and why.",
    "test": "Run the test cases that stand beside rules.",
    "diff": "Tell what changes between two sets of rules, and refuse what is dangerous.",
    "lookup-key": "Make a lookup key, for fields that are searched for, digits and hashes.",
    "schema": "Print the JSON Schema of the language, for editors.",
    "keygen": "Make the key that signs rules, and the public half to trust.",
    "sign": "Sign a set of rules, for proxies that trust the key.",
    "verify": "Tell whether a set of rules is signed, whole and unaltered.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Write, check, test and sign the rules that name the fields to seal.

    The language is explained in sidecar/rules/LANGUAGE.md; examples stand in rules/.
    """
