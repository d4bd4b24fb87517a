# SPDX-License-Identifier: Apache-2.0
"""Attacks on what is stored and on what is sent: each is refused, and audited without a value."""

import itertools
import logging

import pytest

from sidecar.keys import CmkRef, Keyring
from sidecar.message import RequestHead
from sidecar.rules import Mode, Store
from sidecar.transform import Transform
from tests.rules import samples
from tests.transform.rig import (
    Rig,
    decoded,
    open_,
    refused_read,
    refused_write,
    request,
    seal,
)

WRITE = b'{"id":"c1","ssn":"CANARY-ssn","notes":"CANARY-notes","email":"CANARY-email"}'


async def stored(transform: Transform, head: RequestHead | None = None) -> dict[str, str]:
    found: dict[str, str] = decoded((await seal(transform, WRITE, head)).body)
    return found


def record(**members: str) -> bytes:
    return b"{%b}" % b",".join(b'"%b":"%b"' % (k.encode(), v.encode()) for k, v in members.items())


class TestTransplants:
    async def test_an_envelope_does_not_open_in_another_field(self, rig: Rig) -> None:
        transform = rig.transform()
        values = await stored(transform)
        for here, there in itertools.permutations(("ssn", "notes", "email"), 2):
            refusal = await refused_read(transform, record(id="c1", **{there: values[here]}))
            assert (refusal.status, refusal.code) == (422, "cannot_open"), (here, there)

    async def test_an_envelope_does_not_open_in_another_record(self, rig: Rig) -> None:
        transform = rig.transform()
        ssn = (await stored(transform))["ssn"]
        moved = record(id="c2", ssn=ssn)
        assert (
            await refused_read(transform, moved, request("/customers/c2"))
        ).code == "cannot_open"
        listed = b"[%b,%b]" % (record(id="c1", ssn=ssn), moved)
        assert (await refused_read(transform, listed, request("/customers"))).code == "cannot_open"

    async def test_an_envelope_does_not_open_for_another_tenant(self, rig: Rig) -> None:
        transform = rig.transform()
        values = await stored(transform)
        for field in ("ssn", "email"):
            refusal = await refused_read(
                transform, record(id="c1", **{field: values[field]}), request(tenant="globex")
            )
            assert refusal.code == "cannot_open"

    @pytest.mark.parametrize(
        "parts",
        [{"collection": "staff"}, {"store": Store("hr", "rest", (samples.HOST,))}],
        ids=["collection", "store"],
    )
    async def test_an_envelope_does_not_open_in_another_collection_or_store(
        self, rig: Rig, parts: dict[str, object]
    ) -> None:
        field = samples.field("ssn")
        ssn = decoded((await seal(rig.transform(rig.rule(field)), b'{"id":"c1","ssn":"x"}')).body)
        other = rig.transform(rig.rule(field, **parts))
        assert (await refused_read(other, record(**ssn))).code == "cannot_open"

    async def test_an_envelope_under_another_cmk_does_not_open(self, rig: Rig) -> None:
        """Law 2: whoever may use some CMK of the KMS cannot make values that open here."""
        field = samples.field("ssn")
        rig.provider.create_cmk("alias/attacker")
        forger = rig.transform(rig.rule(field, cmk=CmkRef("alias/attacker")))
        forged = decoded((await seal(forger, b'{"id":"c1","ssn":"CANARY"}')).body)
        refusal = await refused_read(rig.transform(rig.rule(field)), record(**forged))
        assert refusal.code == "cannot_open"
        assert rig.keyring.stats.refused_by_cmk == 1

    async def test_a_kind_of_envelope_that_the_rule_does_not_name_asks_no_kms(
        self, rig: Rig
    ) -> None:
        """An EDK in a searchable field is not even put to the KMS."""
        elsewhere = Rig(rig.provider, Keyring(rig.provider), rig.lookup_keys)
        sealing = elsewhere.transform(rig.rule(samples.field("x")))
        body = await seal(sealing, b'{"id":"c1","x":"1"}')
        transform = rig.transform(rig.rule(samples.field("x", Mode.EQUALITY)))
        await seal(transform, b'{"id":"c1","x":"1"}')  # its lookup key is resident
        calls = rig.provider.calls["Decrypt"]
        assert (await refused_read(transform, body.body)).code == "cannot_open"
        assert rig.provider.calls["Decrypt"] == calls

    @pytest.mark.parametrize(
        "damage",
        [
            lambda text: text[:-1],
            lambda text: text[: len(text) // 2],
            lambda text: text[:-2] + ("AA" if text[-2:] != "AA" else "BA"),
            lambda text: "enc:2:" + text[6:],
            lambda text: "enc:1:",
            lambda text: text + "=",
            lambda text: text[:6] + "B" + text[7:],
            lambda text: text[:16] + ("A" if text[16] != "A" else "B") + text[17:],
        ],
    )
    async def test_a_damaged_envelope_does_not_open(self, rig: Rig, damage: object) -> None:
        transform = rig.transform()
        ssn = (await stored(transform))["ssn"]
        assert callable(damage)
        assert (
            await refused_read(transform, record(id="c1", ssn=damage(ssn)))
        ).code == "cannot_open"

    async def test_a_forged_edk_does_not_open_and_spares_the_good_ones(self, rig: Rig) -> None:
        transform = rig.transform()
        values = await stored(transform)
        forged = values["ssn"][:20] + values["ssn"][20:40].swapcase() + values["ssn"][40:]
        assert (await refused_read(transform, record(id="c1", ssn=forged))).code == "cannot_open"
        assert decoded((await open_(transform, record(**values))).body)["ssn"] == "CANARY-ssn"


class TestMisplaced:
    @pytest.mark.parametrize(
        "body",
        [
            '{"id":"c1","alias":"%s"}',
            '{"id":"c1","ssn":"%s","deep":[{"x":"%s"}]}',
            '{"%s":3}',
            '{"id":"c1","x":"\\u0065nc:1:%s"}',
            '["%s"]',
        ],
    )
    async def test_an_envelope_where_no_field_is_named_is_not_handed_out(
        self, rig: Rig, body: str
    ) -> None:
        transform = rig.transform()
        ssn = (await stored(transform))["ssn"]
        answer = body.replace("%s", ssn).encode()
        assert (await refused_read(transform, answer)).code == "misplaced_envelope"

    @pytest.mark.parametrize("text", ["see enc:1:AQEB", 'a \\"enc:1:AQEB\\" b', "enc:", "enc:x:1"])
    async def test_a_text_that_merely_speaks_of_one_passes(self, rig: Rig, text: str) -> None:
        body = b'{"id":"c1","x":"%b"}' % text.encode()
        transform = rig.transform()
        assert (await open_(transform, body)).body == body
        assert (await seal(transform, body)).body == body


class TestSealedByClient:
    @pytest.mark.parametrize(
        "body",
        [
            '{"id":"c1","ssn":"%s"}',
            '{"id":"c1","email":"%s"}',
            '{"id":"c1","cards":[{"number":"%s"}]}',
            '{"id":"c1","notes":{"deep":["%s"]}}',
            '{"id":"c1","nickname":"%s"}',
            '{"id":"c1","x":{"%s":1}}',
        ],
    )
    @pytest.mark.parametrize(
        "text",
        ["enc:1:AQEB", "enc:99:", r"\u0065nc:1:x", r"e\u006Ec\u003a\u0031\u003Ax", r"en\u0063:1:"],
    )
    async def test_a_client_cannot_bring_what_looks_sealed(
        self, rig: Rig, body: str, text: str
    ) -> None:
        refusal = await refused_write(rig.transform(), body.replace("%s", text).encode())
        assert (refusal.status, refusal.code) == (400, "sealed_by_client")

    async def test_not_in_a_search_either(self, rig: Rig) -> None:
        head = request("/customers?email=enc%3A1:AQEB", "GET")
        assert (await refused_write(rig.transform(), b"", head)).code == "sealed_by_client"


class TestBinding:
    async def test_without_a_record_nothing_is_sealed(self, rig: Rig) -> None:
        transform, head = rig.transform(), request("/customers", "POST")
        for body in (
            b'{"ssn":"CANARY"}',
            b'{"id":null,"ssn":"CANARY"}',
            b'{"id":"","ssn":"CANARY"}',
            b'{"id":{"x":1},"ssn":"CANARY"}',
            b'{"id":1.5,"ssn":"CANARY"}',
            b'[{"id":"a","ssn":"x"},{"ssn":"CANARY"}]',
        ):
            assert (await refused_write(transform, body, head)).code == "unbound"

    async def test_a_part_of_a_document_takes_the_record_of_its_path(self, rig: Rig) -> None:
        transform = rig.transform()
        sealed = await seal(transform, b'{"ssn":"x"}', request("/customers/c1", "PATCH"))
        stored = decoded(sealed.body)["ssn"].encode()
        for body in (b'{"ssn":"%b"}' % stored, b'[{"id":"c1","ssn":"%b"}]' % stored):
            assert b'"ssn":"x"' in (await open_(transform, body)).body
        moved = request("/customers/c2", "GET")
        assert (
            await refused_read(transform, b'{"ssn":"%b"}' % stored, moved)
        ).code == "cannot_open"

    async def test_one_whose_path_is_called_otherwise_is_told_what_is_missing(
        self, rig: Rig
    ) -> None:
        transform = rig.transform(rig.rule(record="key"))
        refusal = await refused_write(
            transform, b'{"ssn":"CANARY"}', request("/customers/c1", "PATCH")
        )
        assert refusal.code == "unbound"
        assert "tells 'key'" in decoded(refusal.body)["detail"]

    async def test_a_document_cannot_claim_another_record_than_the_path(self, rig: Rig) -> None:
        assert (await refused_write(rig.transform(), b'{"id":"c2","ssn":"x"}')).code == "unbound"

    async def test_values_for_a_search_need_no_record(self, rig: Rig) -> None:
        transform, head = rig.transform(), request("/customers", "POST")
        sealed = await seal(transform, b'{"email":"a@b.c"}', head)
        assert decoded((await open_(transform, sealed.body, head)).body) == {"email": "a@b.c"}

    async def test_an_id_too_long_for_a_context_is_refused(self, rig: Rig) -> None:
        body = b'{"id":"%b","ssn":"CANARY"}' % (b"x" * 5000)
        refusal = await refused_write(rig.transform(), body, request("/customers", "POST"))
        assert refusal.code == "malformed"


async def test_what_a_store_holds_wrongly_is_audited_without_a_value(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transform = rig.transform()
    values = await stored(transform)
    await refused_read(transform, record(id="c1", ssn=values["notes"]))
    await refused_read(transform, record(id="c1", ssn="CANARY"))
    await refused_read(transform, record(id="c1", other=values["ssn"]))
    lines = [line for line in caplog.records if line.name == "sidecar.transform.sites"]
    found = [(line.rule, line.reason, line.tenant, line.field, line.record) for line in lines]  # type: ignore[attr-defined]
    assert found == [
        ("customers", "cannot_open", "acme", "ssn", "c1"),
        ("customers", "unsealed_stored_value", "acme", "", ""),
        ("customers", "misplaced_envelope", "acme", "", ""),
    ]
    assert "CANARY" not in caplog.text
    assert values["ssn"] not in caplog.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"id":"c1","ssn":"a","ssn":"CANARY"}', 400),
        (b'{"id":"c1","ssn":"CANARY"', 400),
        (b'{"id":"c1","ssn":"CANARY"}{"x":1}', 400),
        (b'{"id":"c1","ssn":"CANARY\xff"}', 400),
        (b'{"id":"c1","ssn":NaN,"x":"CANARY"}', 400),
        (b'{"id":"c1","ssn":"\\ud800CANARY"}', 400),
        (b'{"id":"c1","ssn":"CANARY","x":' + b"[" * 64 + b"]" * 64 + b"}", 400),
        (b'{"id":"c1","ssn":{"deep":"CANARY"}}', 422),
        (b'{"id":"c1","ssn":["CANARY"]}', 422),
        (b'{"id":"c1","email":{"deep":"CANARY"}}', 422),
        (b'{"id":"c1","email":1.50,"x":"CANARY"}', 422),
        (b'{"id":"c1","cards":{"number":"CANARY"}}', 422),
        (b'{"id":"c1","cards":[["CANARY"]]}', 422),
        (b'{"id":"c1","cards":[{"number":411111111}],"x":"CANARY"}', 422),
        (b'{"id":"c1","cards":[{"number":"CANARY 123456789"}]}', 400),
        (b'{"id":"c1","cards":[{"number":"123"}],"x":"CANARY"}', 400),
        (b'"CANARY"', 422),
    ],
)
async def test_a_body_that_hides_a_value_is_refused(rig: Rig, body: bytes, status: int) -> None:
    transform = rig.transform()
    assert (await refused_write(transform, body)).status == status
