# SPDX-License-Identifier: Apache-2.0
"""Seal a value under a data key, and open it again.

The caller brings the data key (`sidecar.keys`), a fresh random salt and the encoded context of the
place. `seal` and `open_envelope` take the key as it is; every message takes a key that is at work
already (`keyed`), seals to text (`TextSealer`) and opens a body. Equality-searchable values are
sealed in `deterministic`, values too long to hold in `streaming`.
"""

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


class TextSealer:
    """Seals to text under a key at work; what is the same for all its values is made once."""

    __slots__ = ("_header", "_keyed", "_rest", "_start")

    def __init__(self, key: Keyed, edk: bytes) -> None:
        """Malformed where the EDK has an impossible length."""
        self._keyed = key
        self._header = header = edk_header(key.suite, edk)
        whole = len(header) // 3 * 3  # the groups of which every text begins alike
        self._start = to_ascii(header[:whole])
        self._rest = header[whole:]

    def seal(self, context: bytes, salt: bytes, plaintext: bytes) -> bytes:
        """The text of what `seal` makes; the same is raised."""
        if len(plaintext) >= CHUNK_LENGTH:
            sealed = chunked.encrypt(self._keyed, salt, context, plaintext, self._header)
            return to_ascii(sealed)
        sealed = chunked.encrypt(self._keyed, salt, context, plaintext, self._rest)
        return self._start + encode(sealed)


def open_envelope(data_key: Buffer, envelope: Envelope, context: bytes) -> bytes:
    """The plaintext of `envelope`, or CannotOpen: another key, another place, altered or cut."""
    return chunked.decrypt(keyed(envelope.suite, data_key), context, envelope.body)
