# SPDX-License-Identifier: Apache-2.0
"""Every vector, by both implementations, in both directions."""

import base64
import json
from collections import Counter

import pytest

from tests.envelope.implementations import INDEPENDENT, PRODUCT
from tests.vectors.generate import FOLDER, files

VECTORS = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.iterdir())}


def plaintext_of(vector):
    given = vector["plaintext"]
    if isinstance(given, str):
        return bytes.fromhex(given)
    return bytes(i % 251 for i in range(given["counting"]))


def check_message(tried, vector):
    key, data = bytes.fromhex(vector["key"]), base64.b64decode(vector["envelope"])
    context = tried.encode_context(vector["context"])
    opening = tried.open_envelope if vector["what"] == "sealed" else tried.open_equal
    if vector["expect"] == "cannot-open":
        tried.parse(data)  # well spelled: what fails is the opening alone
    opened = opening(key, context, data)
    plaintext, edk = plaintext_of(vector), bytes.fromhex(vector["edk"])
    assert opened == plaintext
    if vector["what"] == "equality":
        assert tried.seal_equal(key, edk, context, plaintext) == data
    else:
        salt = bytes.fromhex(vector["salt"])
        assert tried.seal(data[1], key, edk, context, salt, plaintext) == data


def check_text(tried, vector):
    read = tried.from_text(vector["text"])
    assert read == base64.b64decode(vector["envelope"])
    assert tried.to_text(read) == vector["text"]


def check_context(tried, vector):
    assert tried.encode_context(vector["context"]).hex() == vector["encoded"]


def check_lexeme(tried, vector):
    if "lexeme" in vector:
        tagged = tried.value_to_plaintext(vector["lexeme"].encode())
        assert tagged.hex() == vector["plaintext"]
    lexeme = tried.plaintext_to_lexeme(bytes.fromhex(vector["plaintext"]))
    assert lexeme.decode() == vector["lexeme"]


def check_digits(tried, vector):
    key, context = bytes.fromhex(vector["key"]), tried.encode_context(vector["context"])
    if "text" in vector:
        protected = tried.protect(key, context, vector["text"], vector["keep_last"])
        assert protected == vector["protected"]
    revealed = tried.reveal(key, context, vector["protected"], vector["keep_last"])
    assert revealed == vector["text"]


def check_ff1(tried, vector):
    key, tweak = bytes.fromhex(vector["key"]), bytes.fromhex(vector["tweak"])
    assert tried.ff1(key, tweak, vector["text"], decrypt=False) == vector["protected"]
    assert tried.ff1(key, tweak, vector["protected"], decrypt=True) == vector["text"]


CHECKS = {
    "sealed": check_message,
    "equality": check_message,
    "text": check_text,
    "context": check_context,
    "lexeme": check_lexeme,
    "digits": check_digits,
    "ff1": check_ff1,
}


@pytest.mark.parametrize("tried", [PRODUCT, INDEPENDENT], ids=["product", "independent"])
@pytest.mark.parametrize("name", VECTORS)
def test_vector(name, tried):
    vector = VECTORS[name]
    check = CHECKS[vector["what"]]
    if vector["expect"] == "success":
        check(tried, vector)
    else:
        kind = {"malformed": tried.Malformed, "cannot-open": tried.CannotOpen}[vector["expect"]]
        with pytest.raises(kind):
            check(tried, vector)


def test_the_generator_makes_every_file_again_byte_for_byte():
    assert {path.name: path.read_bytes() for path in FOLDER.iterdir()} == files()


def test_every_outcome_is_tried_for_every_kind_that_has_it():
    outcomes = Counter((vector["what"], vector["expect"]) for vector in VECTORS.values())
    assert set(outcomes) == {
        *((what, "success") for what in CHECKS),
        *((what, "cannot-open") for what in ("sealed", "equality", "lexeme", "digits")),
        *((what, "malformed") for what in ("sealed", "text", "context", "lexeme", "digits")),
    }
