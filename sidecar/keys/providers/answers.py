# SPDX-License-Identifier: Apache-2.0
"""What the answers of a KMS mean: values of exact shape, or one of the errors of the port.

Only an answer with a documented error code is a decision of the KMS. Everything else that is not
the expected value (a gateway's page, a cut body, a data key of another length) is an absence:
somebody else may have answered. Of an error nothing but its code and request id is repeated; its
message may quote the request's parameters.
"""

import binascii
import re
from collections.abc import Mapping

import msgspec

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys.providers import DATA_KEY_LENGTH, KeyDenied

_CODE = re.compile(r"[A-Za-z0-9._]{1,64}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_MAX_RETRY_AFTER = 300

_NOT_OPENED = frozenset({"InvalidParameter", "Forbidden.KeyNotFound"})
"""Codes of Decrypt for a blob that is altered, of another context, or of nobody's CMK."""

_PASSING = ("Throttling", "Rejected.Throttling", "SignatureNonceUsed")
"""Starts of the codes below 500 that another attempt may not meet; each attempt has its nonce."""


_ENDED = ("InvalidSecurityToken", "InvalidAccessKeyId.NotFound")


class Generated(msgspec.Struct, rename="pascal"):
    """The answer to GenerateDataKey."""

    plaintext: str
    ciphertext_blob: str
    key_id: str
    key_version_id: str


class GeneratedWithoutPlaintext(msgspec.Struct, rename="pascal"):
    """The answer to GenerateDataKeyWithoutPlaintext."""

    ciphertext_blob: str


class Decrypted(msgspec.Struct, rename="pascal"):
    """The answer to Decrypt."""

    plaintext: str
    key_id: str
    key_version_id: str


class Metadata(msgspec.Struct, rename="pascal"):
    """What is read of a CMK's metadata."""

    key_id: str
    key_state: str


class Described(msgspec.Struct, rename="pascal"):
    """The answer to DescribeKey."""

    key_metadata: Metadata


class _Fault(msgspec.Struct, rename="pascal"):
    code: str
    request_id: str = ""


def read[T](body: bytes | bytearray, shape: type[T], action: str) -> T:
    """The value that a successful answer spells; KeyUnavailable when it is not of `shape`."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise KeyUnavailable(f"the KMS answered {action} with nonsense") from None


def data_key(text: str) -> bytearray:
    """The bytes of a data key; KeyUnavailable unless there are exactly 32."""
    key = bytearray(base64(text))
    if len(key) != DATA_KEY_LENGTH:
        raise KeyUnavailable(f"the KMS gave a data key of {len(key)} bytes")
    return key


def base64(text: str) -> bytes:
    """Standard Base64 with padding; KeyUnavailable for anything else."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:  # also for text that is not ASCII
        raise KeyUnavailable("the KMS answered with bad Base64") from None


def failure(
    action: str, status: int, headers: Mapping[str, str], body: bytes | bytearray
) -> CannotOpen | KeyUnavailable:
    """What an answer other than 200 means for the caller of `action`."""
    fault = _find_fault(body)
    if fault is None:
        return KeyUnavailable(f"the KMS answered {action} with HTTP {status} and no error code")
    why = f"the KMS answered {action} with {fault.code}"
    if _REQUEST_ID.fullmatch(fault.request_id):
        why += f" (request {fault.request_id})"
    if status >= 500 or status == 429 or fault.code.startswith(_PASSING):  # noqa: PLR2004 - HTTP
        return KeyUnavailable(why, _retry_after(headers))
    if action == "Decrypt" and fault.code in _NOT_OPENED:
        return CannotOpen()
    return KeyDenied(why)


def is_of_ended_session(body: bytes | bytearray) -> bool:
    """Whether a refusal says that temporary credentials count no more; others may be had."""
    fault = _find_fault(body)
    return fault is not None and fault.code.startswith(_ENDED)


def _find_fault(body: bytes | bytearray) -> _Fault | None:
    try:
        fault = msgspec.json.decode(body, type=_Fault)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return fault if _CODE.fullmatch(fault.code) else None


def _retry_after(headers: Mapping[str, str]) -> int:
    """Seconds, at least one: `x-acs-retry-after` counts milliseconds, `retry-after` seconds."""
    for name, unit in (("x-acs-retry-after", 1000), ("retry-after", 1)):
        text = headers.get(name, "")
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - bounded work
            return min(max(-(-int(text) // unit), 1), _MAX_RETRY_AFTER)
    return 1
