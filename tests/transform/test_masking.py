# SPDX-License-Identifier: Apache-2.0
"""What a mask shows of a value, and that it is known when it comes back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode
from msgspec.structs import replace

from sidecar.message import find_header
from sidecar.rules import HeaderIs, Mask, Phase
from sidecar.transform import Opened
from sidecar.transform.masking import MARK, is_mask, shown
from tests.rules import samples
from tests.transform.issuer import NOW, Issuer, condition
from tests.transform.rig import OK, Rig, decoded, held, open_, refused_read, request, seal

HIDDEN, HASH = Mask(), Mask(is_hash=True)


def fingerprint(plaintext: bytes) -> str:
    return f"<{plaintext.decode()}>"


def seen(mask: Mask, value: object) -> str:
    text = json.loads(shown(mask, json.dumps(value).encode(), fingerprint))
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(
    ("last", "value", "expected"),
    [
        (4, "078-05-1120", "****1120"),
        (1, "ab", "****b"),
        (4, "12345678", "****5678"),
        (4, "1234567", "****"),
        (4, "", "****"),
        (2, "Müller", "****er"),
        (2, "日本語文字", "****文字"),
        (2, 15.25, "****25"),
        (1, True, "****"),
        (1, False, "****"),
        (1, None, "****"),
        (1, {"a": "bcdef"}, "****"),
        (1, ["abcdef"], "****"),
        (2, "\ud800abcdef", "****"),
    ],
)
def test_the_end_is_shown_of_what_is_twice_as_long(last: int, value: object, expected: str) -> None:
    assert seen(Mask(last=last), value) == expected


@pytest.mark.parametrize("value", ["078-05-1120", "", 7, None, {"a": 1}, ["b"]])
def test_hidden_is_one_text_for_all(value: object) -> None:
    assert seen(HIDDEN, value) == MARK


def test_a_fingerprint_is_of_the_value_and_not_of_its_spelling() -> None:
    assert shown(HASH, rb'"\u0041\/"', fingerprint) == shown(HASH, b'"A/"', fingerprint)
    assert seen(HASH, "A/") == '****:<"A/">'
    assert seen(HASH, 1) != seen(HASH, "1")
    assert shown(HASH, rb'"\ud800"', fingerprint) == rb'"****:<\"\\ud800\">"'


@given(st.text(min_size=1), st.integers(1, 8))
def test_no_more_than_half_is_shown(text: str, last: int) -> None:
    masked = seen(Mask(last=last), text)
    assert masked in {MARK, MARK + text[-last:]}
    assert len(masked) - len(MARK) <= len(text) / 2


@given(
    st.sampled_from([HIDDEN, HASH, Mask(last=1), Mask(last=4)]),
    st.text() | st.integers() | st.none(),
    st.text(" \t\r\n\u00a0\u3000", max_size=3),
)
def test_every_mask_is_known_again(mask: Mask, value: object, space: str) -> None:
    masked = seen(mask, value)
    assert is_mask(json.dumps(masked).encode())
    assert is_mask(json.dumps(masked, ensure_ascii=False).encode())
    assert is_mask(json.dumps(space + masked + space).encode())
    escaped = "".join(f"\\u{ord(char):04x}" for char in masked if ord(char) < 0x10000)
    assert is_mask(f'"{escaped}"'.encode())
    assert is_mask(f'"{escaped}\\udcff"'.encode())


@pytest.mark.parametrize("mark", ["\ufeff", "\u200b", "\0", " \ufeff\n"])
def test_a_mask_is_known_behind_a_mark(mark: str) -> None:
    assert is_mask(json.dumps(f"{mark}****1120").encode())


@pytest.mark.parametrize("lexeme", [b'"***"', b'"a****"', b"1", b"null", b'{"a":"****"}', b'""'])
def test_what_is_none_is_taken(lexeme: bytes) -> None:
    assert not is_mask(lexeme)


class TestMessages:
    """Masks in whole messages."""

    ROLE = HeaderIs("x-role", ("auditor",))

    async def test_they_are_counted_where_they_are_seen(self, rig: Rig) -> None:
        fields = (samples.field("ssn", mask=Mask(last=4)), samples.field("n"))
        transform = rig.transform(rig.rule(*fields, cleared=(self.ROLE,)))
        sealed = await seal(transform, b'{"ssn":"078-05-1120","n":"plain"}')
        seen = await open_(transform, sealed.body)
        assert decoded(seen.body) == {"ssn": "****1120", "n": "plain"}
        assert (transform.stats.opened, transform.stats.masked) == (
            {"customers": 2},
            {"customers": 1},
        )
        cleared = request("/customers/c1", "GET", "acme", (b"X-Role", b"auditor"))
        assert decoded((await open_(transform, sealed.body, cleared)).body)["ssn"] == "078-05-1120"
        assert transform.stats.masked == {"customers": 1}

    async def test_of_an_answer_that_does_not_open_none_was_seen(self, rig: Rig) -> None:
        fields = (samples.field("ssn", mask=Mask(last=4)), samples.field("n"))
        transform = rig.transform(rig.rule(*fields))
        sealed = decoded((await seal(transform, b'{"ssn":"078-05-1120","n":"plain"}')).body)
        moved = encode({"ssn": sealed["ssn"], "n": sealed["ssn"]})
        assert (await refused_read(transform, moved)).code == "cannot_open"
        assert not transform.stats.masked
        assert not transform.stats.opened

    async def test_fingerprints_tell_nothing_across_fields_and_tenants(self, rig: Rig) -> None:
        fields = [samples.field(name, mask=HASH) for name in ("ssn", "tax")]
        transform = rig.transform(rig.rule(*fields, record=None, lookup_keys=rig.lookup_keys))
        seen = []
        for tenant in ("acme", "globex", "acme"):
            head = request(tenant=tenant)
            sealed = await seal(transform, b'{"ssn":"1","tax":"1"}', head)
            seen.append(decoded((await open_(transform, sealed.body, head)).body))
        assert seen[0] == seen[2]
        assert len({shown for each in seen[:2] for shown in each.values()}) == 4

    async def test_a_rule_that_only_observes_masks_nothing(self, rig: Rig) -> None:
        masked = samples.field("ssn", mask=Mask())
        sealed = await seal(rig.transform(rig.rule(masked)), b'{"ssn":"CANARY"}')
        transform = rig.transform(rig.rule(masked, phase=Phase.MONITOR))
        opened = await open_(transform, sealed.body)
        assert (opened.body, opened.head) == (sealed.body, OK)
        written = await seal(transform, b'{"ssn":"****"}')
        assert written.body == b'{"ssn":"****"}'
        assert transform.stats.would_refuse == {("customers", "masked_value"): 1}

    async def test_null_is_masked_where_it_is_sealed(self, rig: Rig) -> None:
        for null, seen in (("seal", "****"), ("keep", None)):
            rule = rig.rule(samples.field("ssn", null=null, mask=Mask(last=1)))
            transform = rig.transform(rule)
            sealed = await seal(transform, b'{"ssn":null}')
            assert decoded((await open_(transform, sealed.body)).body) == {"ssn": seen}

    async def test_a_token_ends_while_the_proxy_runs(self, rig: Rig) -> None:
        now = [NOW]
        issuer = Issuer()
        rule = rig.rule(samples.field("ssn", mask=Mask()), cleared=(condition(issuer),))
        transform = rig.transform(rule, clock=lambda: now[0])
        sealed = await seal(transform, b'{"ssn":"1"}')
        token = b"Bearer " + issuer.token().encode()
        head = request("/customers/c1", "GET", "acme", (b"Authorization", token))
        hold = held(transform, head)
        for moment, seen in ((NOW + 59, "1"), (NOW + 60, "****")):
            now[0] = moment
            opened = await transform.open_response(hold, OK, sealed.body)
            assert isinstance(opened, Opened)
            assert decoded(opened.body) == {"ssn": seen}

    async def test_an_error_of_the_store_shows_no_value_that_is_sealed(self, rig: Rig) -> None:
        transform = rig.transform(rig.rule(samples.field("ssn", mask=Mask())))
        sealed = await seal(transform, b'{"ssn":"CANARY"}')
        conflict = replace(OK, status=409)
        opened = await open_(transform, sealed.body, None, conflict)
        assert decoded(opened.body) == {"ssn": "****"}
        assert find_header(opened.head.headers, b"cache-control") == b"no-store"
