# SPDX-License-Identifier: Apache-2.0
"""Members of bodies by their paths, as JSON values: nothing else is read, nothing re-serialised."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from sidecar.codecs import Shape, build_shape, find_codec
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath

JSON = "application/json"
NULL = b"null"


class Members:
    """Reads certain members of many bodies of one media type.

    Misconfigured where no codec reads it, or one of the paths lies in another.
    """

    def __init__(self, paths: Iterable[FieldPath], media_type: str = JSON) -> None:
        codec = find_codec(media_type)
        if codec is None:
            raise Misconfigured(f"no codec reads {media_type}")
        self._codec = codec
        self._paths = frozenset(paths)
        below = [(path, path) for path in self._paths if path.steps]
        self._shape: Shape[FieldPath] | None = build_shape((), (), below) if below else None

    def read(self, body: bytes) -> Mapping[FieldPath, list[bytes]]:
        """The values at each path, in order; none where it leads nowhere. Malformed."""
        found: dict[FieldPath, list[bytes]] = {path: [] for path in self._paths}
        root = FieldPath(())
        if root in found:
            found[root].append(body.strip())
        if self._shape is not None:
            for site in self._codec.read(body, self._shape).sites:
                found[site.tag].append(site.lexeme)
        return found


def values_at(body: bytes, path: FieldPath) -> list[bytes]:
    """The values at one path of one body."""
    return _members_of(path).read(body)[path]


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
def _members_of(path: FieldPath) -> Members:
    return Members((path,))
