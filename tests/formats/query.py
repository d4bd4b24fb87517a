# SPDX-License-Identifier: Apache-2.0
"""Parameters of the query that are not named as the field that they look for."""

from typing import Any
from urllib.parse import parse_qs, quote

from sidecar.rules import Mode, Place, Rule
from tests.fixtures.origin import Received
from tests.formats.json import Json
from tests.formats.operations import OPERATIONS
from tests.rules import samples
from tests.transform.rig import Rig as Keys


class Query(Json):
    name = "query parameter"
    lacks = dict.fromkeys(OPERATIONS.keys() - {"equality search"}, "it is asked for, not stored")

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        outside = (samples.field("q.mail", Mode.EQUALITY, name="email", place=Place.QUERY),)
        return super().rule(keys, outside=outside, **parts)

    def searching(self, email: str) -> bytes:
        return self.got(f"/customers?page=1&q.mail={quote(email)}&x=%2f")

    def sought(self, request: Received) -> str:
        assert request.target.endswith(b"&x=%2f")
        return parse_qs(request.target.partition(b"?")[2].decode())["q.mail"][0]


FORMAT = Query()
