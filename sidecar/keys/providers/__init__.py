# SPDX-License-Identifier: Apache-2.0
"""The port behind which data keys are made: what the keyring asks of a KMS.

Two adapters: `kms` speaks the KMS API to the bundled core or to the vendor's endpoint, `memory`
serves unit tests and refuses to start anywhere else. An adapter raises CannotOpen when the KMS
says that an EDK is not its own or not of this context, KeyDenied when the KMS says no, and
KeyUnavailable when it cannot be asked. It keeps no keys; caches and limits are the keyring's.
"""

from dataclasses import dataclass, field
from typing import Protocol

from sidecar.errors import KeyUnavailable
from sidecar.keys.names import KeyContext

__all__ = [
    "DATA_KEY_LENGTH",
    "CmkDescription",
    "GeneratedDataKey",
    "KeyDenied",
    "OpenedDataKey",
    "Provider",
]

DATA_KEY_LENGTH = 32
"""Bytes of every data key: what each suite derives its message keys from."""


class KeyDenied(KeyUnavailable):
    """The KMS was reached and said no: permission, key state, access key.

    An operator can lift it, hence still 503; but a decision of the KMS earns no grace.
    """

    def __init__(self, why: str, retry_after: int = 30) -> None:
        super().__init__(why, retry_after)


@dataclass(frozen=True, slots=True)
class OpenedDataKey:
    """A data key in the clear, on its way into a type that takes over (and wipes) `plaintext`."""

    plaintext: bytearray = field(repr=False)
    key_id: str
    key_version_id: str


@dataclass(frozen=True, slots=True)
class GeneratedDataKey(OpenedDataKey):
    """A fresh data key with its EDK."""

    edk: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CmkDescription:
    """What DescribeKey tells about a CMK, reached by id, ARN or alias."""

    key_id: str
    state: str


class Provider(Protocol):
    """A KMS: four questions, each one call on the wire."""

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        """A new data key under `cmk`, bound to `context`."""
        ...

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        """The data key inside `edk`, and the CMK that opened it."""
        ...

    async def describe_key(self, cmk: str) -> CmkDescription:
        """The CMK behind an id, an ARN or an alias."""
        ...

    def is_plausible(self, edk: bytes) -> bool:
        """Whether `edk` has the outer shape of this KMS's blobs; no call is made."""
        ...

    async def aclose(self) -> None:
        """Close connections; no question may follow."""
        ...
