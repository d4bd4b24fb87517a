# SPDX-License-Identifier: Apache-2.0
"""Variables of the path."""

from typing import Any
from urllib.parse import quote, unquote

from sidecar.rules import Mode, Place, Rule
from tests.fixtures.origin import Received
from tests.formats.json import Json
from tests.formats.operations import OPERATIONS
from tests.rules import samples
from tests.transform.rig import Rig as Keys


class Path(Json):
    name = "path variable"
    lacks = dict.fromkeys(OPERATIONS.keys() - {"equality search"}, "it is asked for, not stored")

    def rule(self, keys: Keys, **parts: Any) -> Rule:
        routes = ("/customers/{id}", "/customers/by-email/{email}")
        outside = (samples.field("email", Mode.EQUALITY, place=Place.PATH),)
        return super().rule(keys, routes=routes, outside=outside, record=None, **parts)

    def searching(self, email: str) -> bytes:
        return self.got(f"/customers/by-email/{quote(email)}?page=1")

    def sought(self, request: Received) -> str:
        before, _, rest = request.target.decode().partition("/by-email/")
        assert (before, rest.partition("?")[2]) == ("/customers", "page=1")
        return unquote(rest.partition("?")[0])


FORMAT = Path()
