# SPDX-License-Identifier: Apache-2.0
"""A body as the store has got it, and the values in it that placeholders ask for.

JSON is walked by names and numbers: `docs[0].email`. Every other format is read as rules read it,
by their paths, in which a number counts the values of the place: `customers.customer[1].ssn`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sidecar.backends.media import body_codec
from sidecar.codecs import build_shape
from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import EACH, FieldPath
from sidecar.message import Headers
from sidecar.rehearsal.trials.trees import Tree, from_json

_STEP = re.compile(r"\.?([^.\[\]]+)|\['([^']+)'\]|\[([0-9]+)\]")
_NUMBER = re.compile(r"\[([0-9]+)\]")


class StoredBody(NamedTuple):
    """The body of a request as it went to the store, and the head that says what it is."""

    content: bytes
    headers: Headers = ()

    def value_at(self, path: str) -> Tree:
        """What stands at `path`; Misconfigured where there is nothing."""
        if not self.content:
            raise Misconfigured("`<stored …>` needs a request that stores a body")
        try:
            tree = from_json(self.content)
        except ValueError:
            return self._value_of_format(path)
        return _walk(tree, path)

    def _value_of_format(self, path: str) -> Tree:
        if path == "$":
            return self.content.decode("utf-8", "surrogateescape")
        codec = body_codec(self.headers)
        if codec is None:
            raise Misconfigured("`<stored …>`: the store has got a body that cannot be read")
        place = FieldPath.parse(_NUMBER.sub("[*]", path))
        # In JSON in lines every line is a root, so its number is no step of a path.
        places = {place, FieldPath(place.steps[1:]) if place.steps[:1] == (EACH,) else place}
        try:
            sites = codec.read(self.content, build_shape((), (), [(p, p) for p in places])).sites
        except Malformed as error:
            raise Misconfigured(f"<stored {path}>: {error.why}") from None
        number = int((_NUMBER.findall(path) or ["0"])[-1])
        if number >= len(sites):
            raise _nothing(path)
        return from_json(sites[number].lexeme)


def _walk(tree: Tree, path: str) -> Tree:
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            raise Misconfigured(f"<stored {path}>: a path is names and numbers: docs[0].email")
        name, number = step[1] or step[2], step[3]
        if name is not None and isinstance(tree, dict) and name in tree:
            tree = tree[name]
        elif number is not None and isinstance(tree, list) and int(number) < len(tree):
            tree = tree[int(number)]
        else:
            raise _nothing(path)
        at = step.end()
    return tree


def _nothing(path: str) -> Misconfigured:
    return Misconfigured(f"<stored {path}>: the store has nothing there")
