# SPDX-License-Identifier: Apache-2.0
"""Test cases in YAML: the tables of their language, which CASES.md explains.

Read as strictly as rules are; every error has its file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sidecar.message import RequestHead
from sidecar.recorded import Exchange, split_url
from sidecar.rehearsal.trials.case import (
    Case,
    Content,
    Expected,
    Passes,
    Refused,
    Reply,
    StoreAnswer,
    Stored,
    Unchanged,
)
from sidecar.rehearsal.trials.trees import from_yaml, to_json
from sidecar.rules import RuleFile
from sidecar.rules.faults import Collector, placed
from sidecar.rules.tables import Table, read_mapping
from sidecar.strict_yaml import Entry, parse

VERSION = "1"
OUTCOMES = ("stored", "refused", "passes")
_LAST_STATUS = 599


def read_cases(files: Iterable[RuleFile]) -> tuple[Case, ...]:
    """The cases in those of `files` that hold cases."""
    errors = Collector()
    of_cases = [file for file in files if file.holds_cases]
    entries = [entry for file in of_cases for entry in errors.attempt(_read_file, file) or ()]
    cases = [errors.attempt(_case, entry) for entry in entries]
    errors.finish()
    return tuple(case for case in cases if case is not None)


def _read_file(file: RuleFile) -> list[Entry]:
    values = read_mapping(parse(file.data, str(file.path)), FILE, required=FILE)
    cases: list[Entry] = values["cases"]
    return cases


def _case(entry: Entry) -> Case:
    values = read_mapping(entry, CASE, required=("name", "request"))
    outcomes: list[Expected] = [values[key] for key in OUTCOMES if key in values]
    reply, answer = values.get("reply"), values.get("answer")
    if len(outcomes) + (reply is not None) == 0:
        raise entry.error(f"nothing is expected: say {', '.join(OUTCOMES)} or reply")
    if len(outcomes) > 1:
        raise entry.error(f"{', '.join(OUTCOMES)} exclude each other")
    if reply is not None and answer is None:
        raise entry.error("`reply` is what becomes of an `answer`; say what the store answers")
    if reply is not None and outcomes and isinstance(outcomes[0], Refused | Passes):
        raise entry.error("what is refused or passes has no `reply`")
    return Case(
        name=values["name"],
        where=entry.where,
        before=values.get("before"),
        request=values["request"],
        expected=outcomes[0] if outcomes else Stored(),
        answer=answer,
        reply=reply,
    )


def _request(entry: Entry) -> Exchange:
    values = read_mapping(entry, REQUEST, required=("line",))
    authority, target = values["line"][1]
    content = _content(entry, values)
    headers = [(name.encode(), text.encode()) for name, text in values.get("headers", ())]
    names = {name.lower() for name, _ in headers}
    if content is not None and content.is_json and b"content-type" not in names:
        headers.append((b"Content-Type", b"application/json"))
    body = b""
    if content is not None:
        body = (to_json(content.json) if content.text is None else content.text).encode()
        headers.append((b"Content-Length", b"%d" % len(body)))
    head = RequestHead(values["line"][0].encode(), target, authority, tuple(headers))
    return Exchange(head, body)


def _line(entry: Entry) -> tuple[str, tuple[str, bytes]]:
    method, _, url = entry.text().partition(" ")
    if not method.isupper() or not url:
        raise entry.error("expected METHOD HOST:PORT/PATH, as in PUT crm.internal:8080/customers/1")
    return method, placed(entry, lambda: split_url(url))


def _headers(entry: Entry) -> tuple[tuple[str, str], ...]:
    return tuple((key.name(), value.text()) for key, value in entry.entries())


def _content(entry: Entry, values: dict[str, Any]) -> Content | None:
    if "json" in values and "body" in values:
        raise entry.error("`json` and `body` exclude each other")
    if "json" in values:
        return Content(json=values["json"][0])
    return Content(text=values["body"]) if "body" in values else None


def _stored(entry: Entry) -> Expected:
    if not entry.is_mapping:
        entry.one_of(("unchanged",))
        return Unchanged()
    values = read_mapping(entry, STORED)
    return Stored(values.get("line"), values.get("headers", ()), _content(entry, values))


def _refused(entry: Entry) -> Refused:
    if not entry.is_mapping:
        return Refused(entry.text())
    return Refused(**read_mapping(entry, REFUSED, required=("code",)))


def _passes(entry: Entry) -> Passes:
    entry.one_of(("true",))
    return Passes()


def _answer(entry: Entry) -> StoreAnswer:
    if not entry.is_mapping:
        entry.one_of(("echo",))
        return StoreAnswer(200, (), None)
    values = read_mapping(entry, ANSWER)
    return StoreAnswer(
        values.get("status", 200), values.get("headers", ()), _content(entry, values)
    )


def _reply(entry: Entry) -> Reply:
    values = read_mapping(entry, REPLY)
    if not values:
        raise entry.error("nothing is expected of the reply")
    return Reply(values.get("status"), _content(entry, values))


def _list_of_cases(entry: Entry) -> list[Entry]:
    cases = entry.items()
    if not cases:
        raise entry.error("an empty list of cases, which would prove nothing")
    return cases


def _one_line(entry: Entry) -> str:
    text = entry.text()
    if not text.strip() or not text.isprintable():
        raise entry.error("a name is one line")
    return text


def _status(entry: Entry) -> int:
    return entry.integer(200, _LAST_STATUS)


# A tuple, because null is a body as well.
_BODY: Table = {"json": lambda entry: (from_yaml(entry),), "body": Entry.text}
FILE: Table = {"version": lambda entry: entry.one_of((VERSION,)), "cases": _list_of_cases}
REQUEST: Table = {"line": _line, "headers": _headers, **_BODY}
STORED: Table = {"line": Entry.text, "headers": _headers, **_BODY}
ANSWER: Table = {"status": _status, "headers": _headers, **_BODY}
REPLY: Table = {"status": _status, **_BODY}
REFUSED: Table = {"code": Entry.text, "status": lambda entry: entry.integer(400, _LAST_STATUS)}
CASE: Table = {
    "name": _one_line,
    "before": _request,
    "request": _request,
    "stored": _stored,
    "refused": _refused,
    "passes": _passes,
    "answer": _answer,
    "reply": _reply,
}
