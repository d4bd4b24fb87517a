# SPDX-License-Identifier: Apache-2.0
"""The `sidecar` command: one file a subcommand, imported only when it is asked for.

Exit codes, everywhere: 0 it worked; 1 a check failed or a request was refused; 2 the command line,
the configuration or the surroundings are wrong, and the message says what to do.
"""

import sys

import click

from sidecar import __version__, core_dumps
from sidecar.cli.lazily import LazyGroup
from sidecar.errors import KeyUnavailable, Misconfigured, SidecarError

COMMANDS = {
    "run": "Run the proxy, and a KMS of its own where none is configured.",
    "doctor": "Prove the whole chain: HSM, CMKs, suites, rules, a canary through proxy and store.",
    "rules": "Check, explain, test, compare and sign the rules that name the fields to seal.",
    "learn": "Watch traffic, live or saved, and propose rules for what looks sensitive.",
    "migrate": "Seal what is stored already, in its store or in a file.",
    "rewrap": "Seal what is stored anew under the keys of now; tell which keys can go.",
    "ca": "Hand out the CA that clients of forward listeners have to trust.",
    "envelope": "Look at sealed values without opening them.",
    "kms": "Make, serve and call the bundled KMS core.",
    "hsm": "Make a PKCS#11 token ready for CMKs, and see what it can hold.",
}


@click.group(
    cls=LazyGroup,
    package=__name__,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 it worked; 1 a check failed or a request was refused; 2 wrong usage or "
    "configuration. Every command that prints a result takes --json, or prints JSON anyway.",
)
@click.version_option(__version__, prog_name="sidecar")
def cli() -> None:
    """Transparent envelope encryption for unchanged applications.

    A proxy that seals the fields your rules name on their way to a store and opens them on the
    way back, under keys that never leave your HSM.

    \b
    First steps:
      sidecar kms init --dir kms          # a KMS on this machine, with a SoftHSM token
      sidecar rules check rules/          # are the rules right?
      sidecar run -c sidecar.yaml         # the proxy
      sidecar doctor -c sidecar.yaml      # does everything hold together?
    """  # noqa: D301 - click's own mark


def main() -> None:
    """Run the command line; turn our own errors into a sentence each and an exit code."""
    core_dumps.forbid()
    try:
        cli()
    except Misconfigured as error:
        click.echo(f"sidecar: {error}", err=True)
        sys.exit(2)
    except KeyUnavailable as error:
        click.echo(f"sidecar: {error.why}; `sidecar doctor` looks for the broken link", err=True)
        sys.exit(1)
    except SidecarError as error:
        click.echo(f"sidecar: {error.why}", err=True)
        sys.exit(1)
