# SPDX-License-Identifier: Apache-2.0
"""The parameters of actions: declared once, read strictly, and typed from then on.

An action declares `PLAINTEXT = Parameter("Plaintext", base64_up_to(6144))` and gets bytes from
`arguments[PLAINTEXT]`; a parameter without a default must be given. A reader takes the text and
raises ValueError; that becomes the documented InvalidParameter, which names the parameter and never
its value. An empty text counts as absent: that is how several SDKs spell "not set".
"""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast

from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import strict_base64

_INTEGER = re.compile(r"[0-9]{1,10}")
_NUMBERED = re.compile(r"([A-Za-z]{1,64})\.([1-9][0-9]{0,3})(?:\.([A-Za-z]{1,64}))?", re.ASCII)
_PRINTABLE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,63}")

COMMON = frozenset(
    {
        *("Action", "Version", "Format", "RegionId", "AccessKeyId", "SecurityToken", "STSToken"),
        *("Signature", "SignatureMethod", "SignatureVersion", "SignatureType", "SignatureNonce"),
        *("Timestamp", "BearerToken"),
    }
)
"""Parameters of the wire, not of an action; `authenticate` reads those that matter."""


class _Required(Enum):
    REQUIRED = auto()


@dataclass(frozen=True, slots=True)
class Parameter[T]:
    """One parameter: its name, how it is read, and what stands for it when it is absent."""

    name: str
    read: Callable[[str], T]
    default: T | _Required = _Required.REQUIRED
    is_repeated: bool = False
    """Whether it comes as a numbered list, `Name.1` or `Name.1.Member`; read is its JSON."""
    is_map: bool = False
    """Whether it may come member by member, `Name.member`, as the SDK for Node sends it."""
    audited: bool = False
    """Whether its text may stand in an audit record: never for anything that holds a secret."""


class Arguments:
    """What one call gave for the parameters that its action declares."""

    def __init__(self, parameters: tuple[Parameter[Any], ...], given: Mapping[str, str]) -> None:
        """Read `given`; raise Fault for what is missing, malformed or not a parameter here."""
        given = _gathered({p.name for p in parameters if p.is_map}, given)
        given = _folded({p.name for p in parameters if p.is_repeated}, given)
        names = {p.name for p in parameters}
        for name in given:
            if name not in names and name not in COMMON:
                raise Fault.invalid_parameter(
                    name if _PRINTABLE_NAME.fullmatch(name) else "(unprintable name)"
                )
        self._values = {p.name: _value(p, given.get(p.name, "")) for p in parameters}
        self.audited = {
            p.name: given[p.name] for p in parameters if p.audited and given.get(p.name)
        }

    def __getitem__[T](self, parameter: Parameter[T]) -> T:
        return cast("T", self._values[parameter.name])


def _gathered(maps: Collection[str], given: Mapping[str, str]) -> Mapping[str, str]:
    """What was given, with the members of these maps as JSON under the map's name."""
    if not maps:
        return given
    gathered: dict[str, str] = {}
    members: dict[str, dict[str, str]] = {}
    for name, text in given.items():
        head, dot, member = name.partition(".")
        if dot and head in maps:
            members.setdefault(head, {})[member] = text
        else:
            gathered[name] = text
    for name, pairs in members.items():
        if name in gathered:  # two readings of one call
            raise Fault.invalid_parameter(name)
        gathered[name] = json.dumps(pairs, ensure_ascii=False)
    return gathered


def _folded(lists: Collection[str], given: Mapping[str, str]) -> Mapping[str, str]:
    """What was given, with numbered lists of these names as JSON under their name."""
    if not lists:
        return given
    folded: dict[str, str] = {}
    entries: dict[str, dict[int, dict[str | None, str]]] = {name: {} for name in lists}
    for name, text in given.items():
        match = _NUMBERED.fullmatch(name)
        if match is None or match[1] not in lists:
            folded[name] = text
        else:
            entries[match[1]].setdefault(int(match[2]), {})[match[3]] = text
    for name, numbered in entries.items():
        if name in given:
            raise Fault.invalid_parameter(name)
        if numbered:
            folded[name] = json.dumps([_entry(name, numbered[i]) for i in sorted(numbered)])
    return folded


def _entry(name: str, members: Mapping[str | None, str]) -> object:
    """An entry of a numbered list: a text of its own, or members."""
    if None in members and len(members) > 1:
        raise Fault.invalid_parameter(name)
    return members.get(None, members)


def _value[T](parameter: Parameter[T], text: str) -> T:
    if not text:
        if isinstance(parameter.default, _Required):
            raise Fault.missing_parameter(parameter.name)
        return parameter.default
    try:
        return parameter.read(text)
    except ValueError:
        raise Fault.invalid_parameter(parameter.name) from None


def base64_up_to(limit: int) -> Callable[[str], bytes]:
    """Standard Base64 of at most `limit` bytes."""

    def read(text: str) -> bytes:
        data = strict_base64(text)
        if len(data) > limit:
            raise ValueError
        return data

    return read


def base64_of(size: int) -> Callable[[str], bytes]:
    """Standard Base64 of exactly `size` bytes."""

    def read(text: str) -> bytes:
        data = strict_base64(text)
        if len(data) != size:
            raise ValueError
        return data

    return read


def integer(low: int, high: int) -> Callable[[str], int]:
    """A decimal integer within `low`..`high`."""

    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError
        return int(text)

    return read


def boolean(text: str) -> bool:
    """`true` or `false` in any case: Python SDKs send `True`."""
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


def one_of(*words: str) -> Callable[[str], str]:
    """One of `words`, case-sensitive."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError
        return text

    return read


def text_up_to(limit: int) -> Callable[[str], str]:
    """Any text of at most `limit` characters."""

    def read(text: str) -> str:
        if len(text) > limit or "\0" in text:
            raise ValueError
        return text

    return read


def stored_text(value: object) -> str:
    """A text from inside of JSON that a database may be asked about; raise ValueError.

    JSON can spell what no database takes: NUL, and halves of surrogate pairs.
    """
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    return value


def json_list(text: str) -> list[object]:
    """A JSON array."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - what readers raise
    return value
