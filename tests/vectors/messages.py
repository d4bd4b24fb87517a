# SPDX-License-Identifier: Apache-2.0
"""Scenarios of whole envelopes: sealed, moved to another place, altered frame, altered body."""

import base64
import hashlib
from collections.abc import Iterator

from tests.vectors import independent
from tests.vectors.independent import Context

type Value = str | int | list[str] | dict[str, int]
type Scenario = tuple[str, dict[str, Value]]

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
EDK = b"d03b5576-78af-4aca-8a32-7be23930e277" + hashlib.shake_128(b"edk").digest(72)
SALT = hashlib.shake_128(b"salt").digest(24)
CONTEXT: Context = ("crm", "customers", "ssn", "acme", "42")
PLAINTEXT = b'\x04"078-05-1120"'
SUITES = {"cobblestone-256": 1, "sm4-gcm-sm3": 2}
PREFIX = 5 + len(EDK)
"""Where the body of an envelope with `EDK` starts."""


def counting(length: int) -> bytes:
    return bytes(i % 251 for i in range(length))


def sealed(plaintext: bytes, suite: int = 1, salt: bytes = SALT, edk: bytes = EDK) -> bytes:
    context = independent.encode_context(CONTEXT)
    return independent.seal(suite, KEY, edk, context, salt, plaintext)


def equal(plaintext: bytes = PLAINTEXT) -> bytes:
    return independent.seal_equal(KEY, EDK, independent.encode_context(CONTEXT), plaintext)


def opening(
    expect: str, envelope: bytes, what: str = "sealed", key: bytes = KEY, context: Context = CONTEXT
) -> dict[str, Value]:
    return {
        "what": what,
        "expect": expect,
        "key": key.hex(),
        "context": list(context),
        "envelope": base64.b64encode(envelope).decode(),
    }


def flip(data: bytes, at: int, mask: int = 1) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def successes() -> Iterator[Scenario]:
    for name, suite in SUITES.items():
        for length in (0, 1, 16383, 16384, 16385, 32768):
            scenario = opening("success", sealed(counting(length), suite))
            scenario |= {"edk": EDK.hex(), "salt": SALT.hex(), "plaintext": {"counting": length}}
            yield f"{name}-{length}", scenario
    for name, edk in (("shortest", b"\x00"), ("longest", bytes(4096))):
        scenario = opening("success", sealed(PLAINTEXT, edk=edk))
        scenario |= {"edk": edk.hex(), "salt": SALT.hex(), "plaintext": PLAINTEXT.hex()}
        yield f"edk-{name}", scenario
    for length in (1, 15, 16, 17, 1000):
        scenario = opening("success", equal(counting(length)), "equality")
        scenario |= {"edk": EDK.hex(), "plaintext": {"counting": length}}
        yield f"aes-256-siv-{length}", scenario


def wrong_places() -> Iterator[Scenario]:
    for what, envelope in (("sealed", sealed(PLAINTEXT)), ("equality", equal())):
        yield f"{what}-wrong-key", opening("cannot-open", envelope, what, OTHER_KEY)
        for at, member in enumerate(("store", "collection", "field", "tenant", "record")):
            for how, value in (("other", "other"), ("empty", "")):
                moved = [*CONTEXT[:at], value, *CONTEXT[at + 1 :]]
                yield (
                    f"{what}-{how}-{member}",
                    opening("cannot-open", envelope, what, context=tuple(moved)),
                )
        shifted: Context = ("crmcustomers", "", "ssn", "acme", "42")
        yield f"{what}-members-joined", opening("cannot-open", envelope, what, context=shifted)
    yield "sealed-where-equality", opening("cannot-open", sealed(PLAINTEXT), "equality")
    yield "equality-where-sealed", opening("cannot-open", equal(), "sealed")


def altered_frames() -> Iterator[Scenario]:
    whole = sealed(PLAINTEXT)
    header, body = whole[:PREFIX], whole[PREFIX:]
    too_long = b"\x01\x01\x01" + (4097).to_bytes(2, "big") + bytes(4097) + body
    for name, envelope in {
        "empty": b"",
        "version-0": flip(whole, 0),
        "version-2": b"\x02" + whole[1:],
        "suite-0": b"\x01\x00" + whole[2:],
        "suite-255": b"\x01\xff" + whole[2:],
        "suite-of-the-other-kind": b"\x01\x03" + whole[2:],
        "kind-0": whole[:2] + b"\x00" + whole[3:],
        "kind-of-the-other-suite": whole[:2] + b"\x02" + whole[3:],
        "equality-kind-edk": equal()[:2] + b"\x01" + equal()[3:],
        "edk-empty": whole[:3] + b"\x00\x00" + body,
        "edk-too-long": too_long,
        "edk-beyond-the-end": whole[:3] + b"\x0f\xff" + whole[5:],
        "cut-in-the-frame": whole[:4],
        "cut-in-the-edk": whole[:50],
        "cut-ahead-of-the-body": header,
        "cut-in-the-salt": whole[: PREFIX + 23],
        "cut-in-the-commitment": whole[: PREFIX + 55],
        "cut-ahead-of-the-chunks": whole[: PREFIX + 56],
        "cut-in-the-only-tag": whole[: PREFIX + 56 + 15],
        "equality-cut-in-the-key-id": equal()[:10],
        "equality-cut-in-the-siv": equal()[:26],
        "equality-cut-behind-the-siv": equal()[:27],
        "cut-between-chunks": sealed(counting(16384))[:-16],
        "cut-in-the-last-tag": sealed(counting(16384))[:-1],
    }.items():
        yield f"malformed-{name}", opening("malformed", envelope)


def altered_bodies() -> Iterator[Scenario]:
    whole = sealed(PLAINTEXT)
    three = sealed(counting(32770))
    start, size = PREFIX + 56, 16400
    first, second, last = (
        three[start : start + size],
        three[start + size : start + 2 * size],
        three[start + 2 * size :],
    )
    stranger = sealed(counting(32770), salt=bytes(24))[start : start + size]
    for name, envelope in {
        "flipped-salt": flip(whole, PREFIX),
        "flipped-commitment": flip(whole, PREFIX + 24),
        "flipped-last-bit-of-commitment": flip(whole, PREFIX + 55, 0x80),
        "flipped-first-bit-of-ciphertext": flip(whole, PREFIX + 56, 0x80),
        "flipped-last-bit-of-tag": flip(whole, -1),
        "suite-swapped": flip(whole, 1, 3),
        "cut-by-one": whole[:-1],
        "cut-to-the-shortest": whole[: PREFIX + 56 + 16],
        "one-byte-more": whole + b"\x00",
        "written-twice": whole + whole,
        "chunks-swapped": three[:start] + second + first + last,
        "chunk-left-out": three[:start] + first + last,
        "chunk-repeated": three[:start] + first + first + second + last,
        "chunk-of-another-message": three[:start] + stranger + second + last,
        "cut-in-the-last-chunk": three[:-1],
        "cut-in-the-second-chunk": three[: start + size + 5000],
    }.items():
        yield f"sealed-{name}", opening("cannot-open", envelope)
    for name, envelope in {
        "flipped-siv": flip(equal(), 11),
        "flipped-ciphertext": flip(equal(), 27),
        "cut-by-one": equal()[:-1],
        "one-byte-more": equal() + b"\x00",
    }.items():
        yield f"equality-{name}", opening("cannot-open", envelope, "equality")
