# SPDX-License-Identifier: Apache-2.0
"""What is remembered of one route: how it was asked, and what travelled in its bodies."""

import re
from collections import Counter

from sidecar.learning.bodies import Bodies
from sidecar.learning.distinct import Distinct, HashKey
from sidecar.learning.naming import is_name
from sidecar.learning.observation import Budget, FieldStats
from sidecar.message import Headers, header_values

MOST_HEADERS = 16
_TENANT = re.compile(
    r"\b(?:tenant|org|organi[sz]ation|workspace|account|customer|company|realm|merchant)\b",
    re.IGNORECASE,
)
_SECRET = re.compile(r"\b(?:token|key|secret|auth|authorization|cookie|signature)\b", re.IGNORECASE)
_METHOD = re.compile(r"[A-Z]{3,10}")


class Resource:
    """One route of one host."""

    def __init__(self) -> None:
        self.requests = 0
        self.methods: Counter[str] = Counter()
        self.queries: dict[str, FieldStats] = {}
        self.tenants: dict[str, Distinct] = {}
        self.with_tenant: Counter[str] = Counter()
        self.sent = Bodies()
        self.answered = Bodies()

    def add_head(self, method: bytes, headers: Headers, key: HashKey) -> None:
        """Count one request, and by their names the headers that may name its tenant."""
        self.requests += 1
        asked = method.decode("latin-1")
        self.methods[asked if _METHOD.fullmatch(asked) else "other"] += 1
        for raw in dict.fromkeys(name.lower() for name, _ in headers):
            name = raw.decode("latin-1")
            if not _TENANT.search(name) or _SECRET.search(name) or not is_name(name):
                continue
            values = header_values(headers, raw)
            if len(values) != 1 or not values[0] or b"," in values[0]:
                continue
            if name not in self.tenants and len(self.tenants) >= MOST_HEADERS:
                continue
            self.with_tenant[name] += 1
            self.tenants.setdefault(name, Distinct()).add(key.number(values[0].decode("latin-1")))

    def add_query(self, parameters: list[tuple[str, str]], key: HashKey, budget: Budget) -> None:
        """Count the values of parameters whose names are names."""
        for name, value in parameters:
            if name not in self.queries:
                if not is_name(name) or not budget.take():
                    continue
                self.queries[name] = FieldStats()
            self.queries[name].add(value, key)

    def merge(self, other: "Resource") -> None:
        """Count what `other` has counted as well."""
        self.requests += other.requests
        self.methods += other.methods
        self.with_tenant += other.with_tenant
        for name, stats in other.queries.items():
            self.queries.setdefault(name, FieldStats()).merge(stats)
        for name, distinct in other.tenants.items():
            self.tenants.setdefault(name, Distinct()).merge(distinct)
        self.sent.merge(other.sent)
        self.answered.merge(other.answered)
