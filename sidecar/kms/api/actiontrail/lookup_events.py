# SPDX-License-Identifier: Apache-2.0
"""LookupEvents: the account's own audit records, by what they tell of.

As the vendor has it: events of the region that is asked, of the last seven days where no times are
given, over 30 days at most, up to 50 a page, by one or two conditions that all must hold. One call
reads a bounded number of records, so a page may hold fewer events than were asked for and still
have a NextToken. Unlike the vendor's, events are there as soon as their calls are answered, and for
as long as the trail is kept.
"""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter, integer, json_list, one_of
from sidecar.kms.audit.index import Attribute, Position, Query, search
from sidecar.kms.audit.record import written
from sidecar.kms.faults import Fault
from sidecar.kms.service.metadata import LAST_SECOND

DAY = 24 * 3600
DEFAULT_SPAN = 7 * DAY
LONGEST_SPAN = 30 * DAY
MAX_RESULTS_BOUND = 50
DEFAULT_RESULTS = 20
MAX_CONDITIONS = 2
MAX_VALUE = 256

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)

type Conditions = dict[Attribute, str]


class Token(NamedTuple):
    """Where a page ended: nothing secret, and good for one question of one account alone."""

    time: int
    sequence: int
    start: int
    end: int
    question: str

    def text(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode()


def read_time(text: str) -> int:
    """`2026-11-25T17:00:00Z` as seconds since 1970; raise ValueError."""
    if not _TIME.fullmatch(text):
        raise ValueError
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def read_conditions(text: str) -> Conditions:
    """The LookupAttribute parameter; raise ValueError."""
    found: Conditions = {}
    for entry in json_list(text):
        if not isinstance(entry, dict) or set(entry) != {"Key", "Value"}:
            raise ValueError
        key, value = entry["Key"], entry["Value"]
        known = [a for a in Attribute if a is not Attribute.EVERY and a.name == key]
        if not known or known[0] in found or not isinstance(value, str) or len(value) > MAX_VALUE:
            raise ValueError
        found[known[0]] = value
    if len(found) > MAX_CONDITIONS:
        raise ValueError
    return found


def read_token(text: str) -> Token:
    """The NextToken parameter; raise ValueError."""
    try:
        token = Token(*json.loads(base64.urlsafe_b64decode(text.encode("ascii"))))
    except (TypeError, RecursionError) as error:
        raise ValueError from error
    numbers = token[:4]
    if not all(type(n) is int and 0 <= n <= LAST_SECOND for n in numbers):
        raise ValueError
    if not 0 <= token.end - token.start <= LONGEST_SPAN:
        raise ValueError
    return token


START_TIME: Parameter[int | None] = Parameter("StartTime", read_time, default=None, audited=True)
END_TIME: Parameter[int | None] = Parameter("EndTime", read_time, default=None, audited=True)
DIRECTION = Parameter("Direction", one_of("FORWARD", "BACKWARD"), default="BACKWARD", audited=True)
MAX_RESULTS = Parameter(
    "MaxResults", integer(0, MAX_RESULTS_BOUND), default=DEFAULT_RESULTS, audited=True
)
NEXT_TOKEN: Parameter[Token | None] = Parameter("NextToken", read_token, default=None)
LOOKUP_ATTRIBUTE: Parameter[Conditions] = Parameter(
    "LookupAttribute", read_conditions, default={}, is_repeated=True, audited=True
)


def target(call: Call) -> Target:
    """LookupEvents knows no resources: RAM is asked about all of them."""
    return Target((f"acs:actiontrail:{call.place.region}:{call.place.account}:*",))


def act(call: Call) -> Answer:
    token = call[NEXT_TOKEN]
    start, end = (token.start, token.end) if token else _span(call)
    if token and token.question != _question(call):
        raise Fault.invalid_parameter(NEXT_TOKEN.name)
    query = Query(
        call.place.account,
        call.place.region,
        start,
        end,
        call[LOOKUP_ATTRIBUTE],
        newest_first=call[DIRECTION] == "BACKWARD",
    )
    after = Position(token.time, token.sequence) if token else None
    page = search(call.connection, query, call[MAX_RESULTS] or DEFAULT_RESULTS, after)
    answer: Answer = {
        "StartTime": written(start),
        "EndTime": written(end),
        "Events": [json.loads(record) for _, record in page.found],
    }
    if page.reached is not None:
        answer["NextToken"] = Token(*page.reached, start, end, _question(call)).text()
    return answer


def _span(call: Call) -> tuple[int, int]:
    """From when until when."""
    given_start, given_end = call[START_TIME], call[END_TIME]
    end = call.now if given_end is None else given_end
    start = end - DEFAULT_SPAN if given_start is None else given_start
    if not 0 <= start <= end:
        raise Fault.invalid_parameter(START_TIME.name)
    if end - start > LONGEST_SPAN:
        raise Fault.invalid_parameter(END_TIME.name)
    return start, end


def _question(call: Call) -> str:
    """What has to be the same from page to page."""
    conditions = sorted(call[LOOKUP_ATTRIBUTE].items())
    asked = (call[DIRECTION], conditions, call[START_TIME], call[END_TIME])
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]


ACTION = Action(
    name="LookupEvents",
    parameters=(START_TIME, END_TIME, DIRECTION, MAX_RESULTS, NEXT_TOKEN, LOOKUP_ATTRIBUTE),
    target=target,
    act=act,
    is_write=False,
)
