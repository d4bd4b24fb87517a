# SPDX-License-Identifier: Apache-2.0
"""The stage: the real transform, keys of its own, and rules as they are written."""

from pathlib import Path

from sidecar.message import Refusal, RequestHead
from sidecar.rehearsal.stage import staged
from sidecar.rules import read_rules
from sidecar.transform import Hold, Sealed

RULES = Path(__file__).parents[2] / "rules"
HEAD = RequestHead(
    b"PUT",
    b"/customers/1",
    "crm.internal:8080",
    ((b"Content-Type", b"application/json"), (b"X-Tenant-Id", b"acme")),
)


async def test_searchable_fields_are_sealed_under_a_key_of_the_stages_own() -> None:
    """Those of the file are sealed by a KMS that nobody asks."""
    async with staged(read_rules(RULES / "crm.yaml")) as stage:
        hold = stage.claim(HEAD)
        assert isinstance(hold, Hold)
        sealed = [await stage.seal(hold, b'{"email":"canary@example.com"}') for _ in range(2)]
    for each in sealed:
        assert isinstance(each, Sealed)
        assert b"enc:1:" in each.body
        assert b"canary" not in each.body
    assert sealed[0] == sealed[1]


async def test_whatever_is_raised_is_refused() -> None:
    async with staged(read_rules(RULES / "crm.yaml")) as stage:
        hold = stage.claim(HEAD)
        assert isinstance(hold, Hold)
        refused = await stage.seal(hold, ["canary", None])  # type: ignore[arg-type]  # no body
    assert isinstance(refused, Refusal)
    assert refused.code == "internal"
    assert b"canary" not in refused.body


async def test_two_stages_share_no_key() -> None:
    bodies = []
    for _ in range(2):
        async with staged(read_rules(RULES / "crm.yaml")) as stage:
            hold = stage.claim(HEAD)
            assert isinstance(hold, Hold)
            sealed = await stage.seal(hold, b'{"email":"canary@example.com"}')
            assert isinstance(sealed, Sealed)
            bodies.append(sealed.body)
    assert bodies[0] != bodies[1]
