# SPDX-License-Identifier: Apache-2.0
"""Seal a value under a data key, and open it again.

The caller brings the data key (`sidecar.keys`), a fresh random salt and the encoded context of the
place. `seal` and `open_envelope` take the key as it is; every message takes a key that is at work
already (`keyed`), seals to text and opens a body. Equality-searchable values are sealed in
`deterministic`, values too long to hold in `streaming`.
"""

from functools import lru_cache

from sidecar.envelope import chunked
from sidecar.envelope.chunks import CHUNK_LENGTH
from sidecar.envelope.format import Envelope, edk_header
from sidecar.envelope.suite import Buffer, ChunkedSuite, Keyed
from sidecar.envelope.suites import SUITES
from sidecar.envelope.text import encode, to_ascii
from sidecar.errors import CannotOpen


def keyed(suite: int, data_key: Buffer) -> Keyed:
    """The data key at work in `suite`; CannotOpen for one of another length.

    A deterministic suite takes none: where the rule says "sealed", its envelope is a forgery.
    """
    algorithms = SUITES[suite]
    if not isinstance(algorithms, ChunkedSuite):
        raise CannotOpen
    return algorithms.keyed(data_key)


def seal(  # noqa: PLR0913, PLR0917 - six facts make an envelope; none has a default
    suite: int, data_key: Buffer, edk: bytes, context: bytes, salt: bytes, plaintext: Buffer
) -> bytes:
    """The whole envelope of `plaintext`. `salt`: 24 random bytes, never used twice with a key.

    Raises:
        Malformed: The EDK has an impossible length.
        TooLarge: The envelope would be longer than one that is held whole.
    """
    header = edk_header(suite, edk)
    return chunked.encrypt(keyed(suite, data_key), salt, context, plaintext, header)


def seal_text(key: Keyed, edk: bytes, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
    """The same in text, under a key at work."""
    if len(plaintext) >= CHUNK_LENGTH:
        header = edk_header(key.suite, edk)
        return to_ascii(chunked.encrypt(key, salt, context, plaintext, header))
    start, header = _start(key.suite, edk)
    return start + encode(chunked.encrypt(key, salt, context, plaintext, header))


@lru_cache(maxsize=256)  # every value under one data key starts alike
def _start(suite: int, edk: bytes) -> tuple[bytes, bytes]:
    """The text of all whole groups of three bytes of a header, and the bytes that are left."""
    header = edk_header(suite, edk)
    whole = len(header) // 3 * 3
    return to_ascii(header[:whole]), header[whole:]


def open_envelope(data_key: Buffer, envelope: Envelope, context: bytes) -> bytes:
    """The plaintext of `envelope`, or CannotOpen: another key, another place, altered or cut."""
    return chunked.decrypt(keyed(envelope.suite, data_key), context, envelope.body)
