# SPDX-License-Identifier: Apache-2.0
"""All that a run has seen, by host and route: heads and bodies go in, counts stay.

Bounded: PLACES routes and fields altogether. Requests that cannot be read in one way are counted
and left alone, as are answers that tell of an error.
"""

import re
from collections import Counter

from sidecar.errors import Malformed, TooLarge
from sidecar.learning.bodies import Bodies
from sidecar.learning.distinct import HashKey
from sidecar.learning.leaves import leaves_of, query_parameters
from sidecar.learning.observation import Budget
from sidecar.learning.resource import Resource
from sidecar.learning.routes import Node
from sidecar.message import Headers, RequestHead, ResponseHead, header_values
from sidecar.plurals import counted
from sidecar.recorded import Exchange
from sidecar.rules.target import read_target

PLACES = 20_000
MOST_HOSTS = 64
_SUCCESS = range(200, 300)
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z][a-z.+-]{0,60}")


class Traffic:
    """The requests and answers of one run."""

    def __init__(self) -> None:
        self.hosts: dict[str, Node] = {}
        self.requests = 0
        self.unread: Counter[str] = Counter()
        """Requests whose target or body could not be read, by what was wrong."""
        self._key = HashKey()
        self._budget = Budget(PLACES)

    @property
    def summary(self) -> str:
        """How much was seen."""
        return f"{counted(self.requests, 'request')} to {counted(len(self.hosts), 'host')}"

    @property
    def left_out(self) -> int:
        """How often there was no room for one more route or field."""
        return self._budget.left_out

    def request(self, head: RequestHead) -> None:
        """Count a request by its head."""
        self.requests += 1
        root = self.hosts.get(head.authority)
        if root is None:
            if len(self.hosts) >= MOST_HOSTS:
                return
            root = self.hosts[head.authority] = Node()
        try:
            segments, query = read_target(head.target)
        except Malformed as error:
            self.unread[error.why] += 1
            return
        resource = root.reach(segments, self._key, self._budget)
        if resource is not None:
            resource.add_head(head.method, head.headers, self._key)
            resource.add_query(query_parameters(query), self._key, self._budget)

    def request_body(self, head: RequestHead, body: bytes) -> None:
        """Count the body of a request that `request` has counted."""
        segments, resource = self._find(head)
        if body and resource is not None:
            self._read(resource.sent, head.headers, body, segments)

    def answer(self, head: RequestHead, answer: ResponseHead, body: bytes) -> None:
        """Count the answer to a request that `request` has counted."""
        segments, resource = self._find(head)
        if body and answer.status in _SUCCESS and resource is not None:
            self._read(resource.answered, answer.headers, body, segments)

    def exchange(self, recorded: Exchange) -> None:
        """Count what somebody wrote down."""
        self.request(recorded.head)
        self.request_body(recorded.head, recorded.body)
        if recorded.answer is not None:
            self.answer(recorded.head, *recorded.answer)

    def settle(self) -> None:
        """Find the variables of all routes, now that everything is seen."""
        for root in self.hosts.values():
            root.settle()

    def _find(self, head: RequestHead) -> tuple[list[str], Resource | None]:
        root = self.hosts.get(head.authority)
        try:
            segments = read_target(head.target)[0]
        except Malformed:
            return [], None
        return segments, None if root is None else root.find(segments)

    def _read(self, bodies: Bodies, headers: Headers, body: bytes, segments: list[str]) -> None:
        try:
            leaves = leaves_of(headers, body)
            if leaves is None:
                bodies.unread[_media_type(headers)] += 1
            else:
                bodies.add(leaves, segments, self._key, self._budget)
        except (Malformed, TooLarge):
            bodies.unread["malformed or too large"] += 1


def _media_type(headers: Headers) -> str:
    """What a body says it is, in so far as that can be no value."""
    types = header_values(headers, b"content-type")
    said = types[0].decode("latin-1").partition(";")[0].strip().lower() if types else ""
    return said if _MEDIA_TYPE.fullmatch(said) else "of no or a strange type"
