# SPDX-License-Identifier: Apache-2.0
"""A write rehearsed before the first record: a made-up one, every value of which can be told apart.

The rule has to find each protected value where the description puts it, or it would go to the
store in clear (law 1). What goes back as it was stored (`{stored …}`) must not stand where the rule
seals, or what was to be compared with would be written instead.
"""

import secrets
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from sidecar.backends import BACKENDS
from sidecar.errors import Misconfigured, Refused
from sidecar.fieldpath import FieldPath, Step
from sidecar.message import Refusal, RequestHead
from sidecar.migration.collection import Collection, SlotValues
from sidecar.migration.slots import Filled, Template
from sidecar.transform import RuledHold


def rehearse(collection: Collection, write: Template) -> None:
    """Misconfigured where a record written by `write` would not be sealed."""
    rule, where = collection.rule, f"{collection.description.where}: `write`"
    places = {field: collection.description.document / field.path for field in rule.fields}
    opened = {path: secrets.token_hex(16) for path in places.values()}
    stored = {path: secrets.token_hex(16) for path in places.values()}
    slots = SlotValues(write)
    others = {path: "x" for path in slots.paths if not any(path.covers(field) for field in opened)}
    filled = write.fill(slots.of(_record({**others, **opened}), _record({**others, **stored})))
    try:
        found = _found(collection, filled)
    except Refused as error:
        raise Misconfigured(f"{where}: the rule refuses it: {error.why}") from None
    for field, place in places.items():
        path = str(place)
        written = filled.body.count(opened[place].encode())
        if written != found[opened[place]].count(field.name):
            raise Misconfigured(f"{where}: {path!r} stands where rule {rule.name!r} seals it not")
        if found[stored[place]]:
            raise Misconfigured(
                f"{where}: `{{stored {path}}}` stands where rule {rule.name!r} seals, so it would "
                "be sealed and not compared with"
            )
        if not written:
            raise Misconfigured(f"{where}: {path!r} is left out, so it would stay as it is")


def _found(collection: Collection, filled: Filled) -> Mapping[str, list[str]]:
    """The fields that the rule finds in a write, by the text that stands there."""
    rule = collection.rule
    headers = (*collection.tenant_headers("x"), (b"Content-Type", collection.media_type))
    head = RequestHead(filled.method, filled.target, collection.store.authority, headers)
    claim = collection.transform.claim(head)
    if isinstance(claim, Refusal):
        raise Refused(f"as {claim.code}")
    if not isinstance(claim, RuledHold):
        raise Refused("no route of it holds this request, so it would not be sealed")
    adapter = BACKENDS[rule.store.kind].bind(rule)
    message = adapter.read_request(head, claim.match.variables, claim.match.query, filled.body)
    found: dict[str, list[str]] = defaultdict(list)
    for value in message.values:
        if value.lexeme.startswith(b'"'):
            found[msgspec.json.decode(value.lexeme, type=str)].append(value.field.name)
    return found


def _record(values: Mapping[FieldPath, str]) -> bytes:
    """A record with a text at each path."""
    record: dict[Step, object] = {}
    for path, text in values.items():
        *way, last = path.steps
        place = record
        for step in way:
            place = place.setdefault(step, {})  # type: ignore[assignment]  # made here, all dicts
        place[last] = text
    return msgspec.json.encode(_with_lists(record))


def _with_lists(value: object) -> object:
    """`value` with a list of one element wherever a step is `[*]`."""
    if not isinstance(value, dict):
        return value
    members = {step: _with_lists(below) for step, below in value.items()}
    each = [below for step, below in members.items() if not isinstance(step, str)]
    return each or members
