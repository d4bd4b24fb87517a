# SPDX-License-Identifier: Apache-2.0
"""Seal a value under a data key, and open it again: the two calls that every message makes.

The caller brings the data key (`sidecar.keys`), a fresh random salt and the encoded context of the
place. Equality-searchable values are sealed in `deterministic`, values too long to hold in
`streaming`.
"""

from sidecar.envelope import chunked
from sidecar.envelope.format import Envelope, edk_header
from sidecar.envelope.suite import Buffer, ChunkedSuite
from sidecar.envelope.suites import SUITES
from sidecar.errors import CannotOpen


def seal(  # noqa: PLR0913, PLR0917 - six facts make an envelope; none has a default
    suite: int, data_key: Buffer, edk: bytes, context: bytes, salt: bytes, plaintext: Buffer
) -> bytes:
    """The whole envelope of `plaintext`. `salt`: 24 random bytes, never used twice with a key.

    Raises:
        Malformed: The EDK has an impossible length.
        TooLarge: The envelope would be longer than one that is held whole.
    """
    algorithms = SUITES[suite]
    if not isinstance(algorithms, ChunkedSuite):
        raise TypeError(f"{algorithms.name} does not seal under a data key")
    header = edk_header(suite, edk)
    return chunked.encrypt(algorithms, data_key, salt, context, plaintext, header)


def open_envelope(data_key: Buffer, envelope: Envelope, context: bytes) -> bytes:
    """The plaintext of `envelope`, or CannotOpen: another key, another place, altered or cut.

    A deterministic envelope does not open here, whatever the key: where the rule says "sealed", it
    is a forgery.
    """
    algorithms = SUITES[envelope.suite]
    if not isinstance(algorithms, ChunkedSuite):
        raise CannotOpen
    return chunked.decrypt(algorithms, data_key, context, envelope.body)
