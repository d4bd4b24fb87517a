# SPDX-License-Identifier: Apache-2.0
"""What the commands of a KMS core share: its folder, its configuration, and its database."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from sidecar.errors import Misconfigured
from sidecar.kms.config import KmsConfig, load_kms_config
from sidecar.kms.store import Database
from sidecar.private_file import read_private

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)
MIN_PASSPHRASE = 12

directory_option = click.option(
    "--dir",
    "directory",
    type=FOLDER,
    default=Path("kms"),
    show_default=True,
    help="The folder of the KMS core.",
)
config_option = click.option(
    "-c", "--config", type=FILE, help="Its configuration, where that is not DIR/kms.yaml."
)
passphrase_option = click.option(
    "--passphrase-file",
    type=FILE,
    help="A file (0600) whose first line is the passphrase that seals the backup.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def count_option(default: int, most: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`-n`, how many records."""
    return click.option(
        "-n",
        "count",
        type=click.IntRange(1, most),
        default=default,
        show_default=True,
        help="At most so many records.",
    )


def load_config(directory: Path, config: Path | None) -> KmsConfig:
    """What `config` says, or DIR/kms.yaml; raise Misconfigured."""
    path = config or directory / "kms.yaml"
    if not path.exists():
        raise Misconfigured(
            f"{path} is not there; make it with: sidecar kms init --dir {directory}"
        )
    return load_kms_config(path)


def read_passphrase(path: Path | None) -> bytes | None:
    """The passphrase in the file, where there is one; raise Misconfigured."""
    if path is None:
        return None
    passphrase = read_private(path).split(b"\n", 1)[0].rstrip(b"\r")
    if len(passphrase) < MIN_PASSPHRASE:
        raise Misconfigured(f"{path}: a passphrase has at least {MIN_PASSPHRASE} characters")
    return passphrase


@contextlib.contextmanager
def open_database(directory: Path, config: Path | None) -> Iterator[Database]:
    """The database of a core, whether it serves now or not; raise Misconfigured."""
    url = load_config(directory, config).database_url
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        # SQLite would make an empty one, whose chain verifies.
        raise Misconfigured(f"{url.database} is not there")
    with contextlib.closing(Database(url)) as database:
        yield database
