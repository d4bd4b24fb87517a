# SPDX-License-Identifier: Apache-2.0
"""Files that hold an access key's secret and nothing else.

Whoever may read the file may call as its user, so it is read as `private_file` does. One line end
at its end is not part of the secret.
"""

import re
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private

MAX_SECRET = 128
"""Characters; the vendor's have 30."""

_SECRET = re.compile(rb"[!-~]{1,%d}" % MAX_SECRET)


def read_secret(path: Path) -> str:
    """The secret in the file; raise Misconfigured, which never tells what stands there."""
    secret = read_private(path).removesuffix(b"\n").removesuffix(b"\r")
    if not _SECRET.fullmatch(secret):
        raise Misconfigured(
            f"{path}: expected one secret of 1 to {MAX_SECRET} printable characters"
        )
    return secret.decode("ascii")
