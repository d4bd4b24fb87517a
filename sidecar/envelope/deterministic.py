# SPDX-License-Identifier: Apache-2.0
"""Seal equal values to equal envelopes, for fields that a store searches by equality.

The key is a lookup key and the cipher is keyed anew for each context, so equal values are seen to
be equal within a field and nowhere else. Whoever wants that equality across records leaves the
record out of the context, and brings values that are equal in bytes: two JSON spellings of one
string are two values here.
"""

from cryptography.exceptions import InvalidTag

from sidecar.envelope.format import Envelope, check_length, lookup_header
from sidecar.envelope.suite import SIV_LENGTH, Buffer, DeterministicSuite
from sidecar.envelope.suites import SUITES, aes_256_siv
from sidecar.errors import CannotOpen


def seal_equal(
    lookup_key: Buffer, lookup_key_id: bytes, context: bytes, plaintext: Buffer
) -> bytes:
    """The whole envelope of `plaintext`, which must not be empty.

    Raises:
        TooLarge: The envelope would be longer than one that is held whole.
    """
    if not plaintext:
        raise ValueError("a deterministic plaintext is never empty: it starts with its type tag")
    suite = aes_256_siv.SUITE
    header = lookup_header(suite.id, lookup_key_id)
    check_length(len(header) + SIV_LENGTH + len(plaintext))
    return header + suite.derive(lookup_key, context).encrypt(plaintext, None)


def open_equal(lookup_key: Buffer, envelope: Envelope, context: bytes) -> bytes:
    """The plaintext of `envelope`, or CannotOpen: another key, another place, altered or cut."""
    suite = SUITES[envelope.suite]
    if not isinstance(suite, DeterministicSuite):
        raise CannotOpen
    try:
        return suite.derive(lookup_key, context).decrypt(envelope.body, None)
    except (InvalidTag, ValueError):
        raise CannotOpen from None
