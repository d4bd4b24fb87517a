# SPDX-License-Identifier: Apache-2.0
"""What a data key belongs to: its context, the CMKs that a rule names, and both with an EDK."""

from typing import NamedTuple


class KeyContext(NamedTuple):
    """What the KMS binds a data key to: its `EncryptionContext`.

    Coarser than the context of a value, so that one data key serves many values. `tenant` is
    empty where a rule has no tenants.
    """

    store: str
    tenant: str


class CmkRef(NamedTuple):
    """The CMKs of one rule: `seal` makes new data keys, `open` lists older CMKs that still open.

    Each is a key id, an ARN or an alias (`alias/customers`), as the KMS API takes them.
    """

    seal: str
    open: tuple[str, ...] = ()


class Question(NamedTuple):
    """One EDK, the context to open it in, and the CMKs of the rule that applies there."""

    cmk: CmkRef
    context: KeyContext
    edk: bytes
