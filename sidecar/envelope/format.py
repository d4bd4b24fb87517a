# SPDX-License-Identifier: Apache-2.0
"""The envelope's frame: version, suite, key reference, body. FORMAT.md section "Envelope".

Every part has one spelling, so whatever parses encodes to the same bytes. Nothing here needs a
key and nothing here is believed: what an envelope claims is checked when it is opened.
"""

import hashlib

import msgspec

from sidecar.envelope.suite import Buffer, KeyKind, Suite
from sidecar.envelope.suites import SUITES
from sidecar.errors import Malformed, TooLarge

VERSION = 1
MAX_EDK_LENGTH = 4096
"""Bytes; a KMS ciphertext of a data key is about 150, one of RSA-4096 with headers under 1,000."""
MAX_ENVELOPE_LENGTH = 64 * 1024 * 1024
"""Bytes of an envelope that is held whole; longer plaintexts are streamed."""
LOOKUP_KEY_ID_LENGTH = 8

_EDK_AT = 5
_STARTS = {bytes((VERSION, suite.id, suite.key_kind)): suite for suite in SUITES.values()}
"""One kind of key for each suite: a key reference never chooses how a body is read."""


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """One parsed envelope; `suite` is a known id, `key` the EDK or the id of a lookup key."""

    suite: int
    key_kind: KeyKind
    key: bytes
    body: Buffer

    def encode(self) -> bytes:
        """The one spelling of this envelope."""
        write = edk_header if self.key_kind is KeyKind.EDK else lookup_header
        return write(self.suite, self.key) + bytes(self.body)


def lookup_key_id(edk: bytes) -> bytes:
    """The id of the lookup key whose EDK this is.

    Sixty-four bits tell apart the few lookup keys of a rule; a chosen collision gains nothing,
    because the rule, not the envelope, lists the keys that are tried.
    """
    return hashlib.sha256(edk).digest()[:LOOKUP_KEY_ID_LENGTH]


def edk_header(suite: int, edk: bytes) -> bytes:
    """All that stands ahead of a body whose key the envelope carries.

    Raises:
        Malformed: The EDK has an impossible length.
    """
    if not 0 < len(edk) <= MAX_EDK_LENGTH:
        raise Malformed(f"an EDK has 1 to {MAX_EDK_LENGTH} bytes, not {len(edk)}")
    return b"%c%c%c%b%b" % (VERSION, suite, KeyKind.EDK, len(edk).to_bytes(2), edk)


def lookup_header(suite: int, key_id: bytes) -> bytes:
    """All that stands ahead of a body whose key the rule holds.

    Raises:
        Malformed: The key id has another length than `lookup_key_id` gives.
    """
    if len(key_id) != LOOKUP_KEY_ID_LENGTH:
        raise Malformed(f"a lookup key id has {LOOKUP_KEY_ID_LENGTH} bytes, not {len(key_id)}")
    return b"%c%c%c%b" % (VERSION, suite, KeyKind.LOOKUP, key_id)


def check_length(length: int) -> None:
    """Refuse to make an envelope that `parse` would refuse to read again (law 7).

    Raises:
        TooLarge: An envelope of `length` bytes is not held whole.
    """
    if length > MAX_ENVELOPE_LENGTH:
        raise TooLarge(f"an envelope held whole has at most {MAX_ENVELOPE_LENGTH} bytes")


def parse(data: bytes) -> Envelope:
    """The envelope that `data` spells.

    Raises:
        Malformed: `data` is not exactly one envelope of a version and suite known here.
    """
    if len(data) > MAX_ENVELOPE_LENGTH:
        raise Malformed(f"an envelope held whole has at most {MAX_ENVELOPE_LENGTH} bytes")
    suite, start, stop = read_frame(data)
    if len(data) < stop:
        raise Malformed("an envelope is cut short")
    suite.plaintext_length(len(data) - stop)
    return Envelope(suite.id, suite.key_kind, data[start:stop], memoryview(data)[stop:])


def read_frame(data: bytes) -> tuple[Suite, int, int]:
    """The suite of the envelope that starts with `data`, and the start and stop of its key's name.

    Malformed as `parse`; five bytes are enough.
    """
    if len(data) < _EDK_AT:
        raise Malformed("an envelope is cut short")
    suite = _STARTS.get(data[:3])
    if suite is None:
        raise _unknown(data)
    if suite.key_kind is not KeyKind.EDK:
        return suite, 3, 3 + LOOKUP_KEY_ID_LENGTH
    length = int.from_bytes(data[3:_EDK_AT])
    if not 0 < length <= MAX_EDK_LENGTH:
        raise Malformed(f"an EDK has 1 to {MAX_EDK_LENGTH} bytes, not {length}")
    return suite, _EDK_AT, _EDK_AT + length


def _unknown(data: bytes) -> Malformed:
    if data[0] != VERSION:
        return Malformed(f"unknown envelope version {data[0]}")
    suite = SUITES.get(data[1])
    if suite is None:
        return Malformed(f"unknown suite {data[1]}")
    return Malformed(f"suite {suite.name} takes no key reference of kind {data[2]}")
