# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the other spellings: text form, context, lexeme, digits, and the FF1 primitive."""

import base64
from collections.abc import Iterator

from tests.vectors import independent
from tests.vectors.messages import CONTEXT, KEY, PLAINTEXT, Scenario, Value, sealed


def texts() -> Iterator[Scenario]:
    def text(expect: str, text: str, data: bytes | None = None) -> dict[str, Value]:
        found: dict[str, Value] = {"what": "text", "expect": expect, "text": text}
        return found if data is None else found | {"envelope": base64.b64encode(data).decode()}

    for name, data in {
        "empty": b"",
        "one-byte": b"\xff",
        "two-bytes": b"\xff\xfe",
        "three-bytes": b"\xfb\xff\xbf",
        "envelope": sealed(PLAINTEXT),
        "every-byte": bytes(range(256)),
    }.items():
        yield f"text-{name}", text("success", independent.to_text(data), data)
    for name, spelling in {
        "other-alphabet-plus": "enc:1:-_-+",
        "other-alphabet-slash": "enc:1:-_-/",
        "padding": "enc:1:_w==",
        "stray-bits-of-one-byte": "enc:1:_x",
        "stray-bits-of-two-bytes": "enc:1:__9",
        "one-character-alone": "enc:1:_____",
        "space": "enc:1:____ ",
        "line-feed-inside": "enc:1:__\n__",
        "line-feed-behind": "enc:1:____\n",
        "capital-prefix": "ENC:1:____",
        "no-prefix": "____",
        "later-version": "enc:2:____",
        "version-with-zero": "enc:01:____",
        "ahead-of-the-prefix": " enc:1:____",
        "beyond-ascii": "enc:1:___\uff3f",
        "nul": "enc:1:___\x00",
    }.items():
        yield f"text-{name}", text("malformed", spelling)


def contexts() -> Iterator[Scenario]:
    for name, members in {
        "all-empty": ("", "", "", "", ""),
        "all-members": CONTEXT,
        "beyond-ascii": ("\u5ba2\u6237", "\u00e9", "e\u0301", "\U0001f511", "\x00"),
        "looks-like-framing": ("\x00\x03crm", "", "", "", ""),
        "longest-member": ("s" * 4096, "", "", "", ""),
    }.items():
        yield (
            f"context-{name}",
            {
                "what": "context",
                "expect": "success",
                "context": list(members),
                "encoded": independent.encode_context(members).hex(),
            },
        )
    long: dict[str, Value] = {"what": "context", "expect": "malformed"}
    yield "context-member-too-long", long | {"context": ["s" * 4097, "", "", "", ""]}
    yield "context-member-too-long-in-bytes", long | {"context": ["\u00e9" * 2049, "", "", "", ""]}


def lexemes() -> Iterator[Scenario]:
    for name, lexeme in {
        "null": "null",
        "true": "true",
        "false": "false",
        "number-with-trailing-zero": "1.10",
        "number-of-23-digits": "12345678901234567890123",
        "number-with-exponent": "-0.0E+00",
        "string": '"078-05-1120"',
        "string-empty": '""',
        "string-with-escapes": r'"\u00e9\/\ud83d\udd11\n"',
        "string-beyond-ascii": '"\u5ba2\u6237"',
        "array": '[1, "a" ,null]',
        "object": '{ "a":{"a":[]}, "a":1.0}',
    }.items():
        plaintext = independent.value_to_plaintext(lexeme.encode())
        found: dict[str, Value] = {"what": "lexeme", "expect": "success"}
        yield f"lexeme-{name}", found | {"lexeme": lexeme, "plaintext": plaintext.hex()}
    for name, lexeme in {
        "nothing": "",
        "space-ahead": " 1",
        "space-behind": "1 ",
        "two-values": "1,2",
        "leading-zero": "01",
        "plus": "+1",
        "nan": "NaN",
        "bare-point": "1.",
        "capitals": "True",
        "string-unclosed": '"a',
        "string-closed-twice": '"a""',
        "string-with-control": '"\t"',
        "array-unclosed": "[1",
        "array-and-more": "[1],[2]",
        "object-with-comma": '{"a":1,}',
    }.items():
        yield (
            f"lexeme-malformed-{name}",
            {"what": "lexeme", "expect": "malformed", "lexeme": lexeme},
        )
    for name, plaintext in {
        "empty": b"",
        "tag-alone": b"\x04",
        "unknown-tag": b"\x07null",
        "tag-of-another-type": b"\x03true",
        "breaks-out-of-its-string": b'\x04"a","admin":"b"',
        "not-utf-8": b'\x04"\xff"',
    }.items():
        yield (
            f"lexeme-cannot-open-{name}",
            {"what": "lexeme", "expect": "cannot-open", "plaintext": plaintext.hex()},
        )


def digits() -> Iterator[Scenario]:
    context = independent.encode_context(CONTEXT)
    given: dict[str, Value] = {"what": "digits", "key": KEY.hex(), "context": list(CONTEXT)}
    for name, text, keep_last in (
        ("shortest", "000000", 0),
        ("odd", "0000000", 0),
        ("card", "4111 1111 1111 1111", 4),
        ("phone", "+86 (10) 6552-9988", 0),
        ("longest", "7" * 256, 0),
        ("kept-alone-differ", "4111 1111 1111 1112", 4),
    ):
        protected = independent.protect(KEY, context, text, keep_last)
        given_text: dict[str, Value] = {"keep_last": keep_last, "text": text}
        yield (
            f"digits-{name}",
            given | {"expect": "success"} | given_text | {"protected": protected},
        )
    for name, text, keep_last in (
        ("too-few", "12345", 0),
        ("too-few-besides-the-kept", "123456789", 4),
        ("too-many", "7" * 257, 0),
        ("letters", "123456x", 0),
        ("full-width", "12345\uff16\uff17", 0),
        ("line-feed", "1234567\n", 0),
        ("too-long", "1234567" + " " * 1018, 0),
    ):
        given_text = {"keep_last": keep_last, "text": text}
        yield f"digits-malformed-{name}", given | {"expect": "malformed"} | given_text
        given_text = {"keep_last": keep_last, "protected": text}
        yield f"digits-cannot-open-{name}", given | {"expect": "cannot-open"} | given_text


def nist_samples() -> Iterator[Scenario]:
    """The radix 10 samples that NIST publishes for SP 800-38G, "FF1samples.pdf"."""
    key = "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94"
    tweak = "39383736353433323130"
    for number, bits, sample_tweak, ciphertext in (
        (1, 128, "", "2433477484"),
        (2, 128, tweak, "6124200773"),
        (4, 192, "", "2830668132"),
        (5, 192, tweak, "2496655549"),
        (7, 256, "", "6657667009"),
        (8, 256, tweak, "1001623463"),
    ):
        yield (
            f"ff1-nist-sample-{number}",
            {
                "what": "ff1",
                "expect": "success",
                "key": key[: bits // 4],
                "tweak": sample_tweak,
                "text": "0123456789",
                "protected": ciphertext,
            },
        )
