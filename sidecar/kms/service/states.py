# SPDX-License-Identifier: Apache-2.0
"""Key states and which calls they allow: the documented state table, one function a row kind."""

from enum import StrEnum

from sidecar.kms.faults import Fault


class KeyState(StrEnum):
    """The states of a CMK, in the API's spelling."""

    ENABLED = "Enabled"
    DISABLED = "Disabled"
    PENDING_DELETION = "PendingDeletion"
    PENDING_IMPORT = "PendingImport"


def any_state(_: str) -> None:
    """DescribeKey, DeleteAlias and the like work in every state."""


def usable(state: str) -> None:
    """Encrypt, Decrypt, GenerateDataKey…: an enabled key only."""
    if state != KeyState.ENABLED:
        raise Fault.wrong_state(state)


def switchable(state: str) -> None:
    """EnableKey, DisableKey: not while the key waits for its deletion or its material."""
    if state in (KeyState.PENDING_DELETION, KeyState.PENDING_IMPORT):
        raise Fault.state_not_modifiable()


def nameable(state: str) -> None:
    """CreateAlias, ScheduleKeyDeletion and the like: not for a key that waits for its deletion."""
    if state == KeyState.PENDING_DELETION:
        raise Fault.state_not_modifiable()


def deleting(state: str) -> None:
    """CancelKeyDeletion: there is a deletion to cancel."""
    if state != KeyState.PENDING_DELETION:
        raise Fault.state_not_modifiable()


def renameable(state: str) -> None:
    """UpdateAlias looks only at the key that the alias will name."""
    if state == KeyState.PENDING_DELETION:
        raise Fault.wrong_state(state)
