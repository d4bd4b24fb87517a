# SPDX-License-Identifier: Apache-2.0
"""One case through the real transform: what of it is not as expected."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sidecar.errors import Misconfigured
from sidecar.message import Refusal, RequestHead, ResponseHead, find_header
from sidecar.recorded import Answer, Exchange
from sidecar.rehearsal.stage import Stage
from sidecar.rehearsal.trials.case import Case, Passes, Refused, StoreAnswer, Stored, Unchanged
from sidecar.rehearsal.trials.expectation import Comparison, Kept, filled, filled_text
from sidecar.rehearsal.trials.stored_body import StoredBody
from sidecar.rehearsal.trials.trees import to_json
from sidecar.transform import Opened, RuledHold, Sealed

type _Verdict = Sealed | Refusal | None
"""What came of a request; None where no rule holds."""


class Trial:
    """Runs one case; `tried` are the requests that a rule held for."""

    def __init__(self, stage: Stage, case: Case, *, show_values: bool = False) -> None:
        self._stage = stage
        self._case = case
        self._show_values = show_values
        self._stored: StoredBody | None = None
        self.tried: list[tuple[RuledHold, bytes]] = []

    async def run(self) -> list[str]:
        """What is not as expected; nothing where all is."""
        try:
            return await self._run()
        except Misconfigured as error:  # a placeholder that nothing fills
            return [error.why]

    async def _run(self) -> list[str]:
        case = self._case
        if case.before is not None:
            verdict, _ = await self._send(case.before)
            if not isinstance(verdict, Sealed):
                return [f"the request before it is {_outcome(verdict)}"]
            self._stored = _stored(verdict)
        verdict, hold = await self._send(case.request)
        if case.answer is None:
            return list(self._judge_request(verdict))
        if hold is None or not isinstance(verdict, Sealed):
            return [f"the request is {_outcome(verdict)}, so the store answers nothing"]
        of_answer = isinstance(case.expected, Refused)
        problems = [] if of_answer else list(self._judge_request(verdict))
        opened = await self._stage.open(hold, self._answer(case.answer, verdict))
        return [*problems, *self._judge_answer(opened)]

    async def _send(self, exchange: Exchange) -> tuple[_Verdict, RuledHold | None]:
        claim = self._stage.claim(exchange.head)
        if isinstance(claim, Refusal):
            return claim, None
        if not isinstance(claim, RuledHold):
            return None, None
        self.tried.append((claim, exchange.body))
        return await self._stage.seal(claim, exchange.body), claim

    def _answer(self, answer: StoreAnswer, sealed: Sealed) -> Answer:
        headers = [(name.encode(), text.encode()) for name, text in answer.headers]
        has_type = any(name.lower() == b"content-type" for name, _ in headers)
        content = answer.content
        if content is None:
            body = sealed.body
            media = find_header(sealed.head.headers, b"content-type") or b"application/json"
        elif content.text is None:
            body = to_json(filled(content.json, self._stored or _stored(sealed))).encode()
            media = b"application/json"
        else:
            body = filled_text(content.text, self._stored or _stored(sealed)).encode()
            media = b""
        if media and not has_type:
            headers.append((b"Content-Type", media))
        return Answer(ResponseHead(answer.status, b"", tuple(headers)), body)

    def _judge_request(self, verdict: _Verdict) -> Iterator[str]:
        expected = self._case.expected
        match expected:
            case Refused():
                yield from _judge_refusal(expected, verdict)
            case Passes() if verdict is not None:
                yield f"expected to pass, and is {_outcome(verdict)}"
            case Stored() | Unchanged() if not isinstance(verdict, Sealed):
                yield f"expected to be stored, and is {_outcome(verdict)}"
            case Unchanged() if isinstance(verdict, Sealed):
                if verdict.body != self._case.request.body:
                    yield "expected to be unchanged, and another body goes to the store"
            case Stored() if isinstance(verdict, Sealed):
                yield from self._judge_stored(expected, verdict)

    def _judge_stored(self, expected: Stored, sealed: Sealed) -> Iterator[str]:
        comparison = self._comparison(self._stored or _stored(sealed))
        if expected.line is not None:
            yield from comparison.of_line(expected.line, _line(sealed.head))
        for name, text in expected.headers:
            found = find_header(sealed.head.headers, name.lower().encode())
            yield from comparison.of_header(name, text, None if found is None else found.decode())
        if expected.content is not None:
            yield from comparison.of_content(expected.content, sealed.body)

    def _judge_answer(self, opened: Opened | Refusal) -> Iterator[str]:
        expected, reply = self._case.expected, self._case.reply
        if isinstance(expected, Refused):
            yield from _judge_refusal(expected, opened)
        elif isinstance(opened, Refusal):
            yield f"the answer is {_outcome(opened)}"
        elif reply is not None:
            if reply.status is not None and reply.status != opened.head.status:
                yield f"expected the status {reply.status}, and it is {opened.head.status}"
            if reply.content is not None:
                comparison = self._comparison(self._stored or StoredBody(b""))
                yield from comparison.of_content(reply.content, opened.body)

    def _comparison(self, stored: StoredBody) -> Comparison:
        return Comparison(Kept(self._case.request.body, stored), self._show_values)


def _stored(sealed: Sealed) -> StoredBody:
    return StoredBody(sealed.body, sealed.head.headers)


def _judge_refusal(expected: Refused, verdict: Sealed | Opened | Refusal | None) -> Iterator[str]:
    if not isinstance(verdict, Refusal):
        yield f"expected the refusal {expected.code}, and it is {_outcome(verdict)}"
    elif (verdict.code, expected.status or verdict.status) != (expected.code, verdict.status):
        status = f"{expected.status} " if expected.status else ""
        yield f"expected the refusal {status}{expected.code}, and it is {_outcome(verdict)}"


def _outcome(verdict: Sealed | Opened | Refusal | None) -> str:
    """What came of a message, with the reason of a refusal, which never tells a value."""
    if verdict is None:
        return "passed in clear: no rule holds"
    if not isinstance(verdict, Refusal):
        return "forwarded to the store" if isinstance(verdict, Sealed) else "handed to the client"
    try:
        detail = json.loads(verdict.body).get("detail")
    except (ValueError, AttributeError):
        detail = None
    why = f": {detail}" if detail else ""
    return f"refused with {verdict.status} {verdict.code}{why}"


def _line(head: RequestHead) -> str:
    return f"{head.method.decode('latin-1')} {head.target.decode('latin-1')}"
