# SPDX-License-Identifier: Apache-2.0
"""CMKs and their versions, as the tests of actions need them."""

import base64
from typing import Any, NamedTuple

from tests.fixtures.kms import RunningKms


class Pair(NamedTuple):
    """A CMK and its first version, as parameters of calls."""

    key_id: str
    version: str

    @property
    def named(self) -> dict[str, str]:
        return {"KeyId": self.key_id, "KeyVersionId": self.version}


def make_pair(kms: RunningKms, spec: str, usage: str, **more: str) -> Pair:
    metadata = make_cmk(kms, KeySpec=spec, KeyUsage=usage, **more)
    return Pair(metadata["KeyId"], metadata["PrimaryKeyVersion"])


def make_cmk(kms: RunningKms, **parameters: str) -> dict[str, Any]:
    metadata: dict[str, Any] = kms.call("CreateKey", **parameters)["KeyMetadata"]
    return metadata


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def flipped(text: str, at: int = -1) -> str:
    """Base64 of the same bytes, one bit changed."""
    data = bytearray(base64.b64decode(text))
    data[at] ^= 1
    return b64(bytes(data))
