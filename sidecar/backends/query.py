# SPDX-License-Identifier: Apache-2.0
"""Query strings: designated fields that a client searches for by value.

`?email=…` on a field with `search: equality` is a value to seal. Any other parameter that may carry
the value of a designated field is refused, by what its name says (`ssn`, `filter[ssn]`, `ssn_gt`,
`firstName` for `first_name`) or by what its value looks like (`where={"ssn":…}`, `q=ssn:1`): a
filter that names a field, where `sort=-name,ssn:desc` or `fields=id,ssn` only list names. A value
alone, as in a full-text search, cannot be told. Parameters that are not sealed keep their bytes.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote, unquote_to_bytes

import msgspec

from sidecar.backends.refusals import NotSearchable
from sidecar.codecs.spelling import fold, steps
from sidecar.errors import Malformed
from sidecar.rules import Field, Mode

_NAME = r"[-+]?[\w.\[\]*]+(?:[ :](?:asc|desc))?"
_NAME_LIST = re.compile(rf"{_NAME}(?:, *{_NAME})*", re.IGNORECASE)
_OPERATOR = re.compile(r"[=:<>!~(\[{\"']|\b(?:eq|ne|gt|ge|lt|le|in|like)\b", re.IGNORECASE)
_JOINED = (
    "(?:not_?)?(?:eq|equals?|ne|neq|gte?|lte?|in|nin|i?like|cont|contains|matches|between|from|to|"
    "min|max|starts?(?:_?with)?|ends?(?:_?with)?|prefix|suffix|regex)(?:_(?:any|all))?"
)
"""Operators as query languages join them to a name."""
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class Parameter(NamedTuple):
    """A parameter whose value is to be sealed: the field, the value as JSON, its place."""

    field: Field
    lexeme: bytes
    position: int


class QueryReader:
    """Finds designated fields in the queries of one rule's requests."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self._fields: dict[str, Field | None] = {}
        words = set()
        self._folded: set[str] = set()
        for field in fields:
            if field.is_whole_body:
                continue  # it has no name to look for
            name = field.path.last_name
            words.add(name)
            self._folded.add(fold(name))
            for spelling in {str(field.path), name}:
                # Two fields that end in one name: a search for it says neither which, nor the key.
                other = self._fields.setdefault(spelling, field)
                if other is not None and other.name != field.name:
                    self._fields[spelling] = None
        either = "|".join(re.escape(word) for word in sorted(words)) or r"(?!)"
        # A whole word, a part between double underscores (`ssn__startswith`), or a word that an
        # operator is joined to (`ssn_eq`, `ssnLike`).
        self._mention = re.compile(
            rf"(?:(?<!\w)|(?<=__))(?:{either})(?:(?!\w)|(?=__)|_?(?:{_JOINED})(?!\w))",
            re.IGNORECASE,
        )

    def read(self, query: bytes) -> list[Parameter]:
        """The parameters to seal; NotSearchable or Malformed where one may give a value away."""
        if _BAD_PERCENT.search(query):
            raise Malformed("a broken percent encoding in the query")
        found = []
        for position, part in enumerate(query.split(b"&")):
            raw_name, _, raw_value = part.partition(b"=")
            name, value = _decode(raw_name), _decode(raw_value)
            if name in self._fields:
                field = self._fields[name]
                if field is None or field.mode is not Mode.EQUALITY:
                    raise NotSearchable(f"the query looks for a value of {name!r}, which is sealed")
                found.append(Parameter(field, msgspec.json.encode(value), position))
            elif self._is_named(_plain(name)) or self._is_filter(_plain(value)):
                raise NotSearchable("a query parameter may carry the value of a protected field")
        return found

    def _is_named(self, name: str) -> bool:
        return self._mention.search(name) is not None or not self._folded.isdisjoint(steps(name))

    def _is_filter(self, value: str) -> bool:
        return (
            self._mention.search(value) is not None
            and _OPERATOR.search(value) is not None
            and _NAME_LIST.fullmatch(value) is None
        )


def _plain(text: str) -> str:
    """`text` without what some store may overlook: width, and a second layer of encoding."""
    if "%" in text:
        text = unquote(text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def replace_values(query: bytes, values: dict[int, str]) -> bytes:
    """`query` with new values in the parameters that `values` numbers."""
    parts = query.split(b"&")
    for position, value in values.items():
        name = parts[position].partition(b"=")[0]
        parts[position] = b"%b=%b" % (name, quote(value, safe=":").encode("ascii"))
    return b"&".join(parts)


def _decode(part: bytes) -> str:
    try:
        return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a percent encoding in the query that is not UTF-8") from None
