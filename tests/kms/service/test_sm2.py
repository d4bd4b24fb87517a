# SPDX-License-Identifier: Apache-2.0
"""SM2 as the standard has it: its own examples (GB/T 32918.5, annexes A and C), and forgeries."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sidecar.hsm import BadCiphertext
from sidecar.kms.service import sm2

PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
DIGEST = bytes.fromhex("F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640")
SIGNATURE = encode_dss_signature(
    0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3,
    0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA,
)
CIPHERTEXT = bytes.fromhex(
    "307c"
    "022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
    "022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
    "042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
    "041321886ca989ca9c7d58087307ca93092d651efa"
)


def test_the_examples_of_the_standard() -> None:
    assert sm2.verify(PUBLIC, DIGEST, SIGNATURE)
    assert sm2.decrypt(PRIVATE, CIPHERTEXT) == b"encryption standard"


def test_a_new_pair_signs_and_decrypts_for_itself_alone() -> None:
    private, public = sm2.generate()
    signature = sm2.sign(private, DIGEST)
    assert sm2.verify(public, DIGEST, signature)
    assert not sm2.verify(PUBLIC, DIGEST, signature)
    assert not sm2.verify(public, bytes(32), signature)
    ciphertext = sm2.encrypt(public, b"a data key")
    assert sm2.decrypt(private, ciphertext) == b"a data key"
    with pytest.raises(BadCiphertext):
        sm2.decrypt(PRIVATE, ciphertext)


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"\x30",
        SIGNATURE[:-1],
        SIGNATURE + b"\0",
        bytes(72),
        secrets.token_bytes(999),
        b"\x30\x81" + SIGNATURE[1:],  # a second spelling of the length
        encode_dss_signature(0, 1),
        encode_dss_signature(ORDER, 1),
        encode_dss_signature(1, ORDER),
    ],
)
def test_what_is_no_signature_does_not_verify_and_does_not_reach_the_library(
    forged: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    assert sm2.verify(PUBLIC, DIGEST, forged) is False
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\x30",
        CIPHERTEXT[:-1],
        CIPHERTEXT + b"\0",
        bytes(100),
        bytes(6144),
        CIPHERTEXT[:4] + b"\x05" + CIPHERTEXT[5:],  # a point beside the curve
        b"\x30\x81" + CIPHERTEXT[1:],
        CIPHERTEXT[:1] + b"\x69" + CIPHERTEXT[2:-21] + b"\x04\x00",  # of nothing
        CIPHERTEXT[:2] + b"\x24" + CIPHERTEXT[3:],  # of another type
    ],
)
def test_what_is_no_ciphertext_is_the_same_error_and_does_not_reach_the_library(
    spoilt: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadCiphertext):
        sm2.decrypt(PRIVATE, spoilt)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("at", range(2, len(CIPHERTEXT), 9))
def test_a_changed_ciphertext_does_not_decrypt(at: int) -> None:
    spoilt = bytearray(CIPHERTEXT)
    spoilt[at] ^= 1
    with pytest.raises(BadCiphertext):
        sm2.decrypt(PRIVATE, bytes(spoilt))


def test_the_longest_plaintext_goes_round() -> None:
    private, public = sm2.generate()
    longest = secrets.token_bytes(sm2.MAX_PLAINTEXT)
    assert sm2.decrypt(private, sm2.encrypt(public, longest)) == longest


def test_only_a_point_on_the_curve_is_a_public_key() -> None:
    assert sm2.is_public_key(PUBLIC)
    assert not sm2.is_public_key(PUBLIC[:-1] + bytes([PUBLIC[-1] ^ 1]))
    assert not sm2.is_public_key(PUBLIC[:-1])
    assert not sm2.is_public_key(PUBLIC + b"\0")
    assert not sm2.is_public_key(b"")
