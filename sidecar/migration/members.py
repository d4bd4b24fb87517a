# SPDX-License-Identifier: Apache-2.0
"""Members of JSON bodies by their paths, as the spans that they are: nothing is re-serialised."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from sidecar.codecs import Reading, Shape, build_shape, find_codec
from sidecar.errors import Malformed
from sidecar.fieldpath import FieldPath

_JSON = find_codec("application/json")
NULL = b"null"


class Members:
    """Reads certain members of many bodies; Misconfigured where one of them lies in another."""

    def __init__(self, paths: Iterable[FieldPath]) -> None:
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
            for site in _read(body, self._shape).sites:
                found[site.tag].append(site.lexeme)
        return found


def values_at(body: bytes, path: FieldPath) -> list[bytes]:
    """The values at one path of one body."""
    return _members_of(path).read(body)[path]


def find_value(body: bytes, path: FieldPath) -> bytes | None:
    """The first value at a path, None where there is none or it is null."""
    found = values_at(body, path)
    return found[0] if found and found[0] != NULL else None


@lru_cache(maxsize=64)
def _members_of(path: FieldPath) -> Members:
    return Members((path,))


def _read(body: bytes, shape: Shape[FieldPath]) -> Reading[FieldPath]:
    if _JSON is None:
        raise Malformed("no codec reads JSON")
    return _JSON.read(body, shape)
