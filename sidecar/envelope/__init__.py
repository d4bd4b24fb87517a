# SPDX-License-Identifier: Apache-2.0
"""Sealed values: their format, and the constructions that seal and open them. See FORMAT.md.

Pure: bytes in, bytes out. Salts are arguments, keys come from `sidecar.keys`, and what a value is
bound to (`Context`) is rebuilt by the caller from the request and the rule.

Reading raises Malformed when bytes are not the one spelling of an envelope, and CannotOpen, with
one wording for every cause, when an envelope does not open with this key at this place.
"""

from sidecar.envelope.chunked import decrypt
from sidecar.envelope.chunks import (
    CHUNK_LENGTH,
    PREFIX_LENGTH,
    SALT_LENGTH,
    Span,
    body_length,
    plaintext_length,
    span_of,
)
from sidecar.envelope.context import Context, frame_owner, frame_place
from sidecar.envelope.deterministic import open_equal, seal_equal
from sidecar.envelope.fingerprint import FINGERPRINT_LENGTH, fingerprint
from sidecar.envelope.format import (
    MAX_EDK_LENGTH,
    MAX_ENVELOPE_LENGTH,
    Envelope,
    edk_header,
    lookup_key_id,
    parse,
)
from sidecar.envelope.format_preserving import MIN_DIGITS, protect, reveal
from sidecar.envelope.lexeme import plaintext_to_lexeme, value_to_plaintext
from sidecar.envelope.ranges import RangeOpener
from sidecar.envelope.sealing import TextSealer, keyed, open_envelope, seal
from sidecar.envelope.streaming import Opener, Sealer
from sidecar.envelope.suite import Keyed, KeyKind, Suite
from sidecar.envelope.suites import DEFAULT_SUITE, SEALING_SUITES, SUITES
from sidecar.envelope.text import (
    PREFIX,
    from_ascii,
    from_text,
    is_sealed_text,
    parse_text,
    to_ascii,
    to_text,
)

__all__ = [
    "CHUNK_LENGTH",
    "DEFAULT_SUITE",
    "FINGERPRINT_LENGTH",
    "MAX_EDK_LENGTH",
    "MAX_ENVELOPE_LENGTH",
    "MIN_DIGITS",
    "PREFIX",
    "PREFIX_LENGTH",
    "SALT_LENGTH",
    "SEALING_SUITES",
    "SUITES",
    "Context",
    "Envelope",
    "KeyKind",
    "Keyed",
    "Opener",
    "RangeOpener",
    "Sealer",
    "Span",
    "Suite",
    "TextSealer",
    "body_length",
    "decrypt",
    "edk_header",
    "fingerprint",
    "frame_owner",
    "frame_place",
    "from_ascii",
    "from_text",
    "is_sealed_text",
    "keyed",
    "lookup_key_id",
    "open_envelope",
    "open_equal",
    "parse",
    "parse_text",
    "plaintext_length",
    "plaintext_to_lexeme",
    "protect",
    "reveal",
    "seal",
    "seal_equal",
    "span_of",
    "to_ascii",
    "to_text",
    "value_to_plaintext",
]
