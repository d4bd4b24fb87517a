# SPDX-License-Identifier: Apache-2.0
"""`sidecar rewrap`: seal what is stored anew under the keys of now, so that old ones can go."""

import click

from sidecar.cli.lazily import LazyGroup

COMMANDS = {
    "collection": "Seal anew what stands under old keys, in its store and while it is used.",
    "file": "Seal anew what stands under old keys in a file of JSON, NDJSON or CSV.",
    "report": "Tell which CMKs still protect live data, and whether a key can go.",
}


@click.group(cls=LazyGroup, package=__name__, modules=COMMANDS)
def command() -> None:
    """Seal what is stored anew under the keys of now, and tell which keys are still needed.

    Old are: CMKs, and versions of a CMK, other than the one that makes data keys now; lookup keys
    that are not the rule's first; suites other than the rule's.
    """
