# SPDX-License-Identifier: Apache-2.0
"""What becomes of a certificate, and what may be done with it.

    PENDING ── UploadCertificate ──► ACTIVE ◄──► INACTIVE
                                        └──► REVOKED ◄──┘

Nothing leads out of REVOKED, as nothing un-revokes a certificate (RFC 5280, section 5.3.1; a hold
is what INACTIVE is for); what was signed with it can still be verified.
"""

from enum import StrEnum

from sidecar.kms.faults import Fault


class Status(StrEnum):
    """In the API's spelling."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    REVOKED = "REVOKED"


SETTABLE = (Status.ACTIVE, Status.INACTIVE, Status.REVOKED)


def usable(status: str) -> None:
    """Signing, encrypting and decrypting."""
    _insist(status, Status.ACTIVE)


def verifiable(status: str) -> None:
    """Verifying a signature."""
    _insist(status, Status.ACTIVE, Status.REVOKED)


def awaiting(status: str) -> None:
    """UploadCertificate: once."""
    _insist(status, Status.PENDING)


def settable(status: str, new: str) -> None:
    """UpdateCertificateStatus; to say once more what is so already changes nothing."""
    if status == Status.PENDING or (status == Status.REVOKED and new != Status.REVOKED):
        raise Fault.state_not_modifiable()


def _insist(status: str, *allowed: Status) -> None:
    if status not in allowed:
        raise Fault.wrong_status(status)
