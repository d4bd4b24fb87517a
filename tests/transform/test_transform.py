# SPDX-License-Identifier: Apache-2.0
"""The order of work from end to end: claims, both ways through each mode, phases, refusals."""

import base64
import gzip
import hashlib
import logging
import random

import msgspec
import pytest
from msgspec.structs import replace

from sidecar.errors import KeyUnavailable, Malformed, Misconfigured
from sidecar.keys import KeyContext
from sidecar.keys.providers.memory import Failure
from sidecar.message import Refusal, RequestHead, ResponseHead, find_header
from sidecar.rules import Mode, Phase, Place
from sidecar.transform import PASS, Hold, Opened, Sealed
from sidecar.transform.transform import UNCODED_LIMIT
from tests.keys.rig import at_once
from tests.rules import samples
from tests.transform.rig import (
    CANARY,
    CMK,
    JSON,
    OK,
    Rig,
    decoded,
    held,
    open_,
    refused_read,
    refused_write,
    request,
    seal,
)

BODY = (
    b'{"id":"c1", "ssn":"CANARY-1", "email":" Ada@X.com", "balance":1.10,'
    b'"cards":[{"number":"4111 1111 1111 1111"}], "notes":{"a": [1.10,"CANARY-2"]}}'
)
EACH_FIELD_ONCE = {("customers", name): 1 for name in ("ssn", "email", "cards[*].number", "notes")}
UNKNOWN = ResponseHead(200, b"OK", ((b"Content-Type", b"application/octet-stream"),))


class TestClaim:
    async def test_what_no_rule_names_passes(self, rig: Rig) -> None:
        transform = rig.transform()
        assert transform.claim(request("/orders/1")) is PASS
        elsewhere = replace(request(), authority="other.internal:8080")
        assert transform.claim(elsewhere) is PASS
        assert transform.protects(samples.HOST)
        assert not transform.protects("other.internal:8080")

    async def test_a_protected_route_is_held(self, rig: Rig) -> None:
        hold = held(rig.transform(body_limit=77), request("/customers/c1?x=1"))
        assert (hold.body_limit, hold.observes, hold.tenant) == (77, False, "acme")
        assert hold.match.variables == {"id": "c1"}

    @pytest.mark.parametrize("target", ["/Customers/c1", "//customers", "/x/../customers", "*"])
    async def test_a_target_that_merely_looks_different_is_refused(
        self, rig: Rig, target: str
    ) -> None:
        transform = rig.transform()
        refusal = transform.claim(request(target))
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.code) == (400, "malformed")
        assert transform.stats.refusals["", "malformed"] == 1

    async def test_a_host_is_the_same_however_it_is_spelled(self, rig: Rig) -> None:
        transform = rig.transform()
        shouted = replace(request("/Customers/c1"), authority=samples.HOST.upper())
        assert isinstance(transform.claim(shouted), Refusal)
        assert isinstance(transform.claim(replace(shouted, target=b"/customers/c1")), Hold)

    async def test_a_request_without_its_tenant_is_refused(self, rig: Rig) -> None:
        refusal = rig.transform().claim(request(tenant=None))
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.code) == (400, "unbound")
        assert b"the header x-tenant-id, which names the tenant, is missing" in refusal.body

    async def test_a_rule_that_only_observes_refuses_no_claim(self, rig: Rig) -> None:
        transform = rig.transform(rig.rule(phase=Phase.MONITOR))
        assert transform.claim(request("/Customers/c1")) is PASS
        assert held(transform, request(tenant=None)).observes
        assert transform.stats.would_refuse == {
            ("", "malformed"): 1,
            ("customers", "unbound"): 1,
        }

    async def test_a_rule_that_cannot_work_is_found_at_start(self, rig: Rig) -> None:
        unknown = rig.rule(store=samples.Store("crm", "mainframe", (samples.HOST,)))
        with pytest.raises(Misconfigured, match="mainframe"):
            rig.transform(unknown)


class TestBothWays:
    async def test_every_mode_goes_in_sealed_and_comes_back(self, rig: Rig) -> None:
        transform = rig.transform()
        sealed = await seal(transform, BODY)
        stored = decoded(sealed.body)
        assert b"CANARY" not in sealed.body
        assert b"4111 1111" not in sealed.body
        assert b'"balance":1.10' in sealed.body
        for name in ("ssn", "email", "notes"):
            assert stored[name].startswith("enc:1:")
        assert stored["cards"][0]["number"].endswith(" 1111")
        assert find_header(sealed.head.headers, b"accept-encoding") == b"identity"
        opened = await open_(transform, sealed.body)
        assert b'"notes":{"a": [1.10,"CANARY-2"]}' in opened.body
        assert decoded(opened.body) == decoded(BODY) | {"email": "ada@x.com"}
        assert transform.stats.sealed == {"customers": 4}
        assert transform.stats.opened == {"customers": 4}

    @pytest.mark.parametrize(
        "lexeme", [b"1.10", b"1e400", b"-0", b"9" * 30, b"true", b'""', rb'"\u00e9\/\ud800"']
    )
    async def test_every_spelling_of_a_scalar_survives(self, rig: Rig, lexeme: bytes) -> None:
        transform = rig.transform(rig.rule(samples.field("ssn")))
        body = b'{"id":"c1","ssn":%b}' % lexeme
        if b"ud800" in lexeme:
            assert (await refused_write(transform, body)).code == "malformed"
            return
        sealed = await seal(transform, body)
        assert lexeme not in sealed.body or len(lexeme) < 4
        assert (await open_(transform, sealed.body)).body == body

    async def test_keys_at_hand_mean_no_suspension(self, rig: Rig) -> None:
        transform = rig.transform()
        sealed = await seal(transform, BODY)
        hold = held(transform)
        assert isinstance(at_once(transform.seal_request(hold, BODY)), Sealed)
        assert isinstance(at_once(transform.open_response(hold, OK, sealed.body)), Opened)

    async def test_each_record_of_a_list_is_bound_to_its_own_id(self, rig: Rig) -> None:
        transform = rig.transform()
        head = request("/customers", "POST")
        body = b'[{"id":"a","ssn":"1"},{"id":7,"ssn":"2"},{"id":"c"}]'
        sealed = await seal(transform, body, head)
        assert (await open_(transform, sealed.body, head)).body == body
        for row in decoded(sealed.body)[:2]:
            one = b'{"id":"%b","ssn":"%b"}' % (str(row["id"]).encode(), row["ssn"].encode())
            target = request(f"/customers/{row['id']}", "GET")
            assert decoded((await open_(transform, one, target)).body)["ssn"] in {"1", "2"}

    async def test_lines_of_json_are_sealed_each(self, rig: Rig) -> None:
        transform = rig.transform()
        head = request("/customers", "POST")
        lines = (b"Content-Type", b"application/x-ndjson")
        head = replace(head, headers=(lines, *head.headers[1:]))
        body = b'{"id":"a","ssn":"CANARY-a"}\r\n\n{"id":"b","n":1.10}\n{"id":"b","ssn":"CANARY-b"}'
        sealed = await seal(transform, body, head)
        assert b"CANARY" not in sealed.body
        assert b'\r\n\n{"id":"b","n":1.10}\n' in sealed.body
        answer = ResponseHead(200, b"OK", (lines,))
        assert (await open_(transform, sealed.body, head, answer)).body == body

    async def test_equality_finds_another_spelling_in_the_query_and_the_body(
        self, rig: Rig
    ) -> None:
        transform = rig.transform()
        stored = decoded((await seal(transform, BODY)).body)["email"]
        head = request("/customers?email=%20ADA%40x.COM+&page=2", "GET")
        sealed = await seal(transform, b"", head)
        assert sealed.head.target == f"/customers?email={stored}&page=2".encode()
        globex = request("/customers?email=ada%40x.com", "GET", "globex")
        assert stored.encode() not in (await seal(transform, b"", globex)).head.target

    async def test_null_is_kept_or_sealed_as_the_rule_says(self, rig: Rig) -> None:
        fields = (
            samples.field("ssn"),
            samples.field("passport", null="seal"),
            samples.field("email", Mode.EQUALITY, null="seal"),
        )
        transform = rig.transform(rig.rule(*fields))
        body = b'{"id":"c1","ssn":null,"passport":null,"email":null}'
        sealed = await seal(transform, body)
        stored = decoded(sealed.body)
        assert stored["ssn"] is None
        assert stored["passport"].startswith("enc:1:")
        assert stored["email"].startswith("enc:1:")
        assert (await open_(transform, sealed.body)).body == body
        assert (await open_(transform, body)).body == body

    async def test_a_new_lookup_key_seals_and_the_one_before_it_still_opens(self, rig: Rig) -> None:
        field = samples.field("email", Mode.EQUALITY)
        old = await seal(rig.transform(rig.rule(field)), b'{"id":"c1","email":"a"}')
        made = await rig.provider.generate_data_key(CMK.seal, KeyContext("crm", ""))
        both = rig.transform(rig.rule(field, lookup_keys=(made.edk, *rig.lookup_keys)))
        new = await seal(both, b'{"id":"c1","email":"a"}')
        assert new.body != old.body
        for sealed in (old, new):
            assert decoded((await open_(both, sealed.body)).body)["email"] == "a"
        only_new = rig.transform(rig.rule(field, lookup_keys=(made.edk,)))
        assert (await refused_read(only_new, old.body)).code == "cannot_open"

    @pytest.mark.parametrize("status", [204, 304])
    async def test_an_answer_without_a_body_keeps_none(self, rig: Rig, status: int) -> None:
        answer = ResponseHead(status, b"", (JSON, (b"Content-Length", b"99")))
        opened = await open_(rig.transform(), b"", answer=answer)
        assert opened == Opened(ResponseHead(status, b"", (JSON,)), b"")

    async def test_the_answer_to_head_has_no_length_of_the_sealed_body(self, rig: Rig) -> None:
        answer = replace(OK, headers=(JSON, (b"Content-Length", b"99"), (b"ETag", b'"x"')))
        opened = await open_(rig.transform(), b"", request(method="HEAD"), answer)
        assert opened.head.headers == (JSON, (b"ETag", b'"x"'))


class TestPhases:
    async def test_monitor_changes_nothing_and_needs_no_key(self, rig: Rig) -> None:
        rig.provider.failure = Failure.AWAY
        transform = rig.transform(rig.rule(phase=Phase.MONITOR))
        hold = held(transform)
        sealed = await transform.seal_request(hold, BODY)
        assert isinstance(sealed, Sealed)
        assert sealed.head is hold.head
        assert sealed.body is BODY
        opened = await transform.open_response(hold, OK, BODY)
        assert isinstance(opened, Opened)
        assert opened.head is OK
        assert opened.body is BODY
        assert transform.stats.would_seal == EACH_FIELD_ONCE
        assert transform.stats.unsealed["customers", "ssn"] == 1
        assert rig.provider.calls["GenerateDataKey"] == 1  # the rig's own lookup key

    async def test_monitor_refuses_nothing(self, rig: Rig) -> None:
        transform = rig.transform(rig.rule(phase=Phase.MONITOR), body_limit=1024)
        hold = held(transform)
        for body in (b'{"ssn":', b'{"ssn":{}}', b'{"ssn":"enc:1:x"}', b"x" * 2000):
            assert await transform.seal_request(hold, body) == Sealed(hold.head, body)
            assert await transform.open_response(hold, OK, body) == Opened(OK, body)
        codes = {code for _, code in transform.stats.would_refuse}
        assert codes == {
            "malformed",
            "unexpected_shape",
            "sealed_by_client",
            "too_large",
            "unreadable_answer",
            "cannot_open",
        }
        assert not transform.stats.refusals

    async def test_monitor_lets_a_coded_body_that_it_would_refuse_go_on_as_it_came(
        self, rig: Rig
    ) -> None:
        transform = rig.transform(rig.rule(phase=Phase.MONITOR))
        coding = (b"Content-Encoding", b"gzip")
        hold = held(transform, request("/customers/c1", "PUT", "acme", coding))
        body = gzip.compress(b'{"ssn":')
        assert await transform.seal_request(hold, body) == Sealed(hold.head, body)
        answer = replace(OK, headers=(JSON, coding))
        assert await transform.open_response(hold, answer, body) == Opened(answer, body)

    async def test_monitor_tells_of_sealed_values_that_it_lets_through(self, rig: Rig) -> None:
        sealed = await seal(rig.transform(), BODY)
        transform = rig.transform(rig.rule(phase=Phase.MONITOR))
        assert (await open_(transform, sealed.body)).body is sealed.body
        assert transform.stats.would_open == EACH_FIELD_ONCE

    async def test_migrate_seals_writes_and_takes_both_on_reads(self, rig: Rig) -> None:
        rule = rig.rule(samples.field("ssn"), samples.field("notes"), phase=Phase.MIGRATE)
        transform = rig.transform(rule)
        sealed = await seal(transform, b'{"id":"c1","ssn":"a"}')
        mixed = b'{"id":"c1","ssn":"%b","notes":"plain"}' % decoded(sealed.body)["ssn"].encode()
        opened = await open_(transform, mixed)
        assert decoded(opened.body) == {"id": "c1", "ssn": "a", "notes": "plain"}
        assert transform.stats.unsealed == {("customers", "notes"): 1}

    @pytest.mark.parametrize(
        "body",
        [
            b'{"id":"c1","ssn":"CANARY"}',
            b'{"id":"c1","ssn":17}',
            b'{"id":"c1","ssn":{"x":"CANARY"}}',
            b'{"id":"c1","notes":{"x":"CANARY"}}',
            b'{"id":"c1","cards":"CANARY"}',
            b'{"id":"c1","cards":[{"number":"CANARY"}]}',
            b'{"id":"c1","ssn":" enc:1:CANARY"}',
        ],
    )
    async def test_enforce_hands_out_nothing_that_was_never_sealed(
        self, rig: Rig, body: bytes
    ) -> None:
        transform = rig.transform()
        assert (await refused_read(transform, body)).code == "unsealed_stored_value"
        assert transform.stats.unsealed.total() == 1


class TestErrors:
    """Answers that say no pass where they hold no sealed values, whatever they look like."""

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error":"not found"}',
            b'{"id":"err-1","message":"x"}',
            b'{"email":["is taken"],"ssn":"is too short","cards":"has 16 digits"}',
            b'{"cards":[{"number":"has 16 digits"}]}',
            b'{"error":"duplicate key (email)=(enc:1:AQMC)","value":"enc:1:AQMC"}',
            b'"text"',
            b"",
        ],
    )
    async def test_an_error_of_the_store_reaches_the_client(self, rig: Rig, body: bytes) -> None:
        answer = replace(OK, status=409, reason=b"Conflict")
        assert (await open_(rig.transform(), body, answer=answer)).body == body

    @pytest.mark.parametrize("status", [201, 302, 399])
    async def test_no_other_answer_counts_as_one(self, rig: Rig, status: int) -> None:
        answer = replace(OK, status=status)
        refusal = await refused_read(rig.transform(), b'{"id":"c1","ssn":"CANARY"}', answer=answer)
        assert refusal.code == "unsealed_stored_value"

    async def test_a_sealed_value_in_an_error_is_opened(self, rig: Rig) -> None:
        transform = rig.transform()
        sealed = await seal(transform, BODY)
        opened = await open_(transform, sealed.body, answer=replace(OK, status=409))
        assert decoded(opened.body)["ssn"] == "CANARY-1"


class TestRefusals:
    async def test_no_key_means_try_again_and_nothing_else(self, rig: Rig) -> None:
        rig.provider.failure = Failure.AWAY
        refusal = await refused_write(rig.transform(), BODY)
        assert (refusal.status, refusal.code) == (503, "key_unavailable")
        assert find_header(refusal.headers, b"retry-after") is not None

    async def test_what_nobody_raised_on_purpose_is_told_without_detail(self, rig: Rig) -> None:
        transform = rig.transform()
        for hold in (None, held(transform)):
            for error in (ValueError(CANARY), KeyboardInterrupt(CANARY), Misconfigured(CANARY)):
                refusal = transform.refusal(hold, error)
                assert (refusal.status, refusal.code) == (500, "internal")
                assert CANARY.encode() not in refusal.body

    async def test_an_error_is_told_in_words_of_the_rule(self, rig: Rig) -> None:
        transform = rig.transform()
        refusal = transform.refusal(held(transform), KeyUnavailable("away", 7))
        assert (b"Retry-After", b"7") in refusal.headers
        assert decoded(refusal.body)["rule"] == "customers"
        assert "rule" not in decoded(transform.refusal(None, Malformed("x")).body)
        assert transform.stats.refusals == {
            ("customers", "key_unavailable"): 1,
            ("", "malformed"): 1,
        }

    async def test_a_body_beyond_the_limit_is_refused_both_ways(self, rig: Rig) -> None:
        transform = rig.transform(body_limit=10)
        assert (await refused_write(transform, b" " * 11)).status == 413
        assert (await refused_read(transform, b" " * 11)).code == "too_large"

    async def test_a_write_whose_sealed_form_could_not_be_held_again_is_refused(
        self, rig: Rig
    ) -> None:
        body = b'{"id":"c1","ssn":"%b"}' % (b"x" * 500)
        transform = rig.transform(body_limit=600)
        assert (await refused_write(transform, body)).code == "too_large"
        assert not transform.stats.sealed
        larger = rig.transform(body_limit=1200)
        assert (await open_(larger, (await seal(larger, body)).body)).body == body

    async def test_what_is_written_is_read_again_with_something_around_it(self, rig: Rig) -> None:
        body = b'{"id":"c1","ssn":"%b"}'
        transform = rig.transform(body_limit=64_000)
        fits = 0
        for length in range(40_000, 50_000, 500):
            result = await transform.seal_request(held(transform), body % (b"x" * length))
            if isinstance(result, Sealed):
                fits += 1
                stored = decoded(result.body) | {"_rev": "y" * 900}
                assert (await open_(transform, msgspec.json.encode(stored))).body
        assert 0 < fits < 20

    @pytest.mark.parametrize(
        ("answer", "body", "code"),
        [
            (replace(OK, status=206), b"{}", "unreadable_answer"),
            (OK, b"{", "unreadable_answer"),
            (OK, b'{"ssn":1,"ssn":2}', "unreadable_answer"),
            (OK, b'{"id":"other","ssn":"enc:1:x"}', "unreadable_answer"),
            (
                replace(OK, headers=(JSON, (b"Content-Encoding", b"gzip"))),
                b"x",
                "unreadable_answer",
            ),
        ],
    )
    async def test_an_answer_that_cannot_be_searched_is_not_handed_out(
        self, rig: Rig, answer: ResponseHead, body: bytes, code: str
    ) -> None:
        assert (await refused_read(rig.transform(), body, answer=answer)).code == code

    async def test_an_answer_that_does_not_tell_its_record_says_so(self, rig: Rig) -> None:
        transform = rig.transform()
        head = request("/customers", "POST")
        sealed = await seal(transform, b'{"id":"a","ssn":"1"}', head)
        without = b'[{"ssn":"%b"}]' % decoded(sealed.body)["ssn"].encode()
        refusal = await refused_read(transform, without, head)
        assert refusal.code == "unreadable_answer"
        assert "'ssn'" in decoded(refusal.body)["detail"]

    async def test_another_format_passes_unless_it_holds_an_envelope(self, rig: Rig) -> None:
        transform = rig.transform(rig.rule(samples.field("ssn")))
        sealed = decoded((await seal(transform, BODY)).body)
        assert (await open_(transform, b"id,ssn\nc1,x", answer=UNKNOWN)).body == b"id,ssn\nc1,x"
        export = f"id,ssn\nc1,{sealed['ssn']}\n".encode()
        assert (await refused_read(transform, export, answer=UNKNOWN)).code == "misplaced_envelope"

    async def test_nothing_prints_what_a_message_holds(
        self, rig: Rig, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        transform = rig.transform()
        head = request(f"/customers/c1?email={CANARY}", "PUT", "acme", (b"Cookie", CANARY.encode()))
        hold = held(transform, head)
        sealed = await transform.seal_request(hold, BODY)
        assert isinstance(sealed, Sealed)
        opened = await transform.open_response(hold, OK, sealed.body)
        await transform.open_response(hold, OK, BODY)
        assert isinstance(hold, Hold)
        shown = repr([hold, head, sealed, opened, OK, transform, transform.stats]) + caplog.text
        assert "CANARY" not in shown
        assert isinstance(head, RequestHead)


GZIP = (b"Content-Encoding", b"gzip")


class TestCompressedBodies:
    BODY = b'{"id":"c1","ssn":"CANARY"}'

    async def test_they_go_on_uncompressed_both_ways(self, rig: Rig) -> None:
        transform = rig.transform()
        digest = (b"Content-Digest", b"sha-256=:AAAA:")
        head = request("/customers/c1", "PUT", "acme", GZIP, digest)
        sealed = await seal(transform, gzip.compress(self.BODY), head)
        assert decoded(sealed.body)["ssn"].startswith("enc:1:")
        names = dict(sealed.head.headers)
        assert b"Content-Encoding" not in names
        told = base64.b64encode(hashlib.sha256(sealed.body).digest())
        assert names[b"Content-Digest"] == b"sha-256=:%b:" % told
        answer = replace(OK, headers=(*OK.headers, GZIP, digest))
        opened = await open_(transform, gzip.compress(sealed.body), answer=answer)
        assert opened.body == self.BODY
        assert {b"Content-Encoding", b"Content-Digest"}.isdisjoint(dict(opened.head.headers))

    async def test_a_digest_of_what_is_not_changed_is_made_anew_too(self, rig: Rig) -> None:
        digest = (b"Content-Digest", b"sha-256=:AAAA:")
        head = request("/customers/c1", "PUT", "acme", GZIP, digest)
        sealed = await seal(rig.transform(), gzip.compress(b'{"id" : "c1"}'), head)
        told = base64.b64encode(hashlib.sha256(b'{"id" : "c1"}').digest())
        assert dict(sealed.head.headers)[b"Content-Digest"] == b"sha-256=:%b:" % told

    @pytest.mark.parametrize(
        ("coding", "body", "code"),
        [
            (b"compress", b"x", "unsupported_media_type"),
            (b"gzip,gzip,gzip", b"x", "unsupported_media_type"),
            (b"gzip", b"{}", "malformed"),
            (b"gzip", gzip.compress(b"{}")[:-1], "malformed"),
            (b"gzip", gzip.compress(b" " * (9 << 20)), "too_large"),
        ],
    )
    async def test_what_cannot_be_read_is_refused(
        self, rig: Rig, coding: bytes, body: bytes, code: str
    ) -> None:
        transform = rig.transform()
        line = (b"Content-Encoding", coding)
        head = request("/customers/c1", "PUT", "acme", line)
        assert (await refused_write(transform, body, head)).code == code
        answer = replace(OK, headers=(*OK.headers, line))
        told = (await refused_read(transform, body, answer=answer)).code
        assert told == ("too_large" if code == "too_large" else "unreadable_answer")

    async def test_those_that_wait_for_a_key_take_no_more_room_than_there_is(
        self, rig: Rig
    ) -> None:
        transform = rig.transform(body_limit=2 * UNCODED_LIMIT)
        numbers = random.Random(7)  # so that its ratio is no bomb's
        parts = [numbers.randbytes(50).hex() * 40 for _ in range(UNCODED_LIMIT // 4000 + 1)]
        body = gzip.compress(msgspec.json.encode({"id": "c1", "ssn": "1", "about": parts}), 1)
        head = request("/customers/c1", "PUT", "acme", GZIP)
        assert (await refused_write(transform, body, head)).code == "overloaded"
        await seal(transform, gzip.compress(self.BODY), head)
        sealed = await seal(transform, body, head)  # with the key at hand nothing waits
        assert len(sealed.body) > UNCODED_LIMIT


async def test_a_head_without_a_body_is_opened_too(rig: Rig) -> None:
    phone = samples.field("x-phone", place=Place.HEADER)
    transform = rig.transform(rig.rule(samples.field("ssn"), outside=(phone,)))
    sealed = await seal(transform, b"", request("/customers/c1", "GET", "acme", (b"X-Phone", b"1")))
    (line,) = [line for line in sealed.head.headers if line[0] == b"X-Phone"]
    assert line[1].startswith(b"enc:1:")
    answer = ResponseHead(200, b"OK", (line, (b"Content-Length", b"9")))
    for head, status in ((request(method="HEAD"), 200), (request(), 204), (request(), 304)):
        opened = await open_(transform, b"", head, replace(answer, status=status))
        assert opened.head.headers == ((b"X-Phone", b"1"),)
    plain = replace(answer, headers=((b"X-Phone", b"2"),))
    refusal = await refused_read(transform, b"", request(method="HEAD"), plain)
    assert refusal.code == "unsealed_stored_value"
    assert (
        await refused_read(transform, b"", None, line_moved(answer))
    ).code == "misplaced_envelope"


def line_moved(answer: ResponseHead) -> ResponseHead:
    return replace(answer, headers=((b"X-Fax", answer.headers[0][1]),))


async def test_of_a_body_that_is_one_value_only_the_answer_to_a_get_is_stored(rig: Rig) -> None:
    rule = rig.rule(samples.field("$"), routes=("/customers/{id}",))
    transform = rig.transform(rule)
    text = (b"Content-Type", b"text/plain")
    put = RequestHead(b"PUT", b"/customers/c1", samples.HOST, (text, (b"X-Tenant-Id", b"acme")))
    stored = ResponseHead(200, b"OK", (text,))
    sealed = await seal(transform, b"CANARY\xff", put)
    assert sealed.body.startswith(b"enc:1:")
    assert (await open_(transform, b"OK", put, stored)).body == b"OK"
    get = replace(put, method=b"GET")
    assert (await open_(transform, sealed.body, get, stored)).body == b"CANARY\xff"
    assert (await refused_read(transform, b"OK", get, stored)).code == "unsealed_stored_value"
    for content_type in (b"application/json", b"text/plain; charset=utf-16"):
        other = replace(put, headers=((b"Content-Type", content_type), put.headers[1]))
        assert (await refused_write(transform, b'"CANARY"', other)).code == "unsupported_media_type"
