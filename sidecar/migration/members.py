# SPDX-License-Identifier: Apache-2.0
"""Members of bodies by their paths, as JSON values: nothing else is read, nothing re-serialised."""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from sidecar.codecs import Codec, Shape, build_shape, find_codec
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath

JSON = "application/json"
NULL = b"null"
ROOT = FieldPath(())
"""The whole body."""


def values_at(body: bytes, path: FieldPath, media_type: str = JSON) -> list[bytes]:
    """The values at a path, in order; none where it leads nowhere. Malformed."""
    if path == ROOT:
        return [body.strip()]
    codec, shape = _reader(path, media_type)
    return [site.lexeme for site in codec.read(body, shape).sites]


def find_value(body: bytes, path: FieldPath) -> bytes | None:
    """The first value at a path, None where there is none or it is null."""
    found = values_at(body, path)
    return found[0] if found and found[0] != NULL else None


def as_text(values: Sequence[bytes]) -> str | None:
    """The one scalar among `values` as text; None where there is none, or more."""
    if len(values) != 1 or values[0] == NULL or values[0][:1] in b"{[":
        return None
    value = values[0]
    return msgspec.json.decode(value, type=str) if value.startswith(b'"') else value.decode()


@lru_cache(maxsize=64)
def _reader(path: FieldPath, media_type: str) -> tuple[Codec, Shape[FieldPath]]:
    codec = find_codec(media_type)
    if codec is None:
        raise Misconfigured(f"no codec reads {media_type}")
    return codec, build_shape((), (), [(path, path)])
