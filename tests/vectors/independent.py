# SPDX-License-Identifier: Apache-2.0
"""FORMAT.md once more, written from its text alone: no line and no library of `sidecar.envelope`.

It stands on pycryptodome and GmSSL, takes the slow and literal way, and is what the vectors are
made with. Where both implementations agree on every vector, FORMAT.md says enough to open
anything that was ever sealed.
"""

import base64
import json
import re
import struct
from collections.abc import Callable
from typing import NamedTuple

import gmssl_pyx
from Crypto.Cipher import AES
from Crypto.Hash import HMAC, SHA256, SHA512

CHUNK = 16384
TAG = 16
Context = tuple[str, str, str, str, str]


class MalformedError(Exception):
    pass


class CannotOpenError(Exception):
    pass


def hmac_sha512(key: bytes, message: bytes) -> bytes:
    return HMAC.new(key, message, SHA512).digest()


def expand(hmac: Callable[[bytes, bytes], bytes], key: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 section 2.3."""
    okm = t = b""
    for i in range(1, 256):
        if len(okm) >= length:
            break
        t = hmac(key, t + info + bytes([i]))
        okm += t
    return okm[:length]


def seal_aes_gcm(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    ciphertext, tag = AES.new(key, AES.MODE_GCM, nonce=nonce).encrypt_and_digest(plaintext)
    return ciphertext + tag


def open_aes_gcm(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    cipher = AES.new(key, AES.MODE_GCM, nonce=nonce)
    return cipher.decrypt_and_verify(sealed[:-TAG], sealed[-TAG:])


def _sm4_gcm_tag_of_nothing(key: bytes, nonce: bytes) -> bytes:
    """GmSSL takes no empty plaintext. SP 800-38D section 7.1: GHASH of zero lengths is zero, so
    the tag is the first counter block, encrypted.
    """
    return gmssl_pyx.sm4_ctr_encrypt(key, nonce + b"\x00\x00\x00\x01", bytes(16))


def seal_sm4_gcm(key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
    if not plaintext:
        return _sm4_gcm_tag_of_nothing(key, nonce)
    ciphertext, tag = gmssl_pyx.sm4_gcm_encrypt(key, nonce, b"", plaintext)
    return ciphertext + tag


def open_sm4_gcm(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    if len(sealed) == TAG:
        if sealed != _sm4_gcm_tag_of_nothing(key, nonce):
            raise ValueError
        return b""
    try:
        return gmssl_pyx.sm4_gcm_decrypt(key, nonce, b"", sealed[:-TAG], sealed[-TAG:])
    except gmssl_pyx.GmsslInnerError:
        raise ValueError from None


class Chunked(NamedTuple):
    aead: bytes
    key_length: int
    hmac: Callable[[bytes, bytes], bytes]
    seal: Callable[[bytes, bytes, bytes], bytes]
    open: Callable[[bytes, bytes, bytes], bytes]


CHUNKED = {
    1: Chunked(b"AEAD_AES_256_GCM", 32, hmac_sha512, seal_aes_gcm, open_aes_gcm),
    2: Chunked(b"AEAD_SM4_GCM", 16, gmssl_pyx.sm3_hmac, seal_sm4_gcm, open_sm4_gcm),
}
DETERMINISTIC = 3


def encode_context(members: Context) -> bytes:
    encoded = b"envelope-sidecar/context@v1"
    for member in members:
        data = member.encode()
        if len(data) > 4096:
            raise MalformedError
        encoded += struct.pack(">H", len(data)) + data
    return encoded


def _derive(suite: int, key: bytes, salt: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    chunked = CHUNKED[suite]
    info = b"c2sp.org/chunked-encryption@v1+" + chunked.aead + b"\x00" + salt + context
    n = chunked.key_length
    okm = expand(chunked.hmac, key, info, n + 12 + 32)
    return okm[:n], okm[n : n + 12], okm[n + 12 :]


def _nonce(base: bytes, number: int) -> bytes:
    return bytes(x ^ y for x, y in zip(base, struct.pack(">4xQ", number), strict=True))


def seal_body(suite: int, key: bytes, salt: bytes, context: bytes, plaintext: bytes) -> bytes:
    message_key, base, commitment = _derive(suite, key, salt, context)
    body = salt + commitment
    number = 0
    while True:
        chunk = plaintext[number * CHUNK : (number + 1) * CHUNK]
        body += CHUNKED[suite].seal(message_key, _nonce(base, number), chunk)
        if len(chunk) < CHUNK:
            return body
        number += 1


def open_body(suite: int, key: bytes, context: bytes, body: bytes) -> bytes:
    message_key, base, commitment = _derive(suite, key, body[:24], context)
    if body[24:56] != commitment:
        raise CannotOpenError
    plaintext, rest, number = b"", body[56:], 0
    while True:
        sealed, rest = rest[: CHUNK + TAG], rest[CHUNK + TAG :]
        if len(sealed) < TAG:
            raise CannotOpenError
        try:
            chunk = CHUNKED[suite].open(message_key, _nonce(base, number), sealed)
        except ValueError:
            raise CannotOpenError from None
        plaintext += chunk
        if len(chunk) < CHUNK:
            return plaintext
        number += 1


def edk_envelope(suite: int, edk: bytes, body: bytes) -> bytes:
    return struct.pack(">BBBH", 1, suite, 1, len(edk)) + edk + body


def seal(  # noqa: PLR0917 - the six facts of an envelope
    suite: int, key: bytes, edk: bytes, context: bytes, salt: bytes, plaintext: bytes
) -> bytes:
    return edk_envelope(suite, edk, seal_body(suite, key, salt, context, plaintext))


def lookup_key_id(edk: bytes) -> bytes:
    return SHA256.new(edk).digest()[:8]


def _siv(key: bytes, context: bytes) -> AES:
    info = b"envelope-sidecar/deterministic@v1+AEAD_AES_SIV_CMAC_512\x00" + context
    return AES.new(expand(hmac_sha512, key, info, 64), AES.MODE_SIV)


def seal_equal(key: bytes, edk: bytes, context: bytes, plaintext: bytes) -> bytes:
    ciphertext, siv = _siv(key, context).encrypt_and_digest(plaintext)
    return bytes([1, DETERMINISTIC, 2]) + lookup_key_id(edk) + siv + ciphertext


class Parsed(NamedTuple):
    suite: int
    reference: bytes
    body: bytes


def parse(data: bytes) -> Parsed:
    if len(data) < 5 or data[0] != 1:
        raise MalformedError
    if data[1] == DETERMINISTIC:
        if data[2] != 2 or len(data) < 3 + 8 + 16 + 1:
            raise MalformedError
        return Parsed(DETERMINISTIC, data[3:11], data[11:])
    if data[1] not in CHUNKED or data[2] != 1:
        raise MalformedError
    length = struct.unpack(">H", data[3:5])[0]
    body = data[5 + length :]
    if not 1 <= length <= 4096 or len(body) < 56 or (len(body) - 56) % (CHUNK + TAG) < TAG:
        raise MalformedError
    return Parsed(data[1], data[5 : 5 + length], body)


def open_envelope(key: bytes, context: bytes, data: bytes) -> bytes:
    """The plaintext of `data` at a place where the rule says "sealed"."""
    envelope = parse(data)
    if envelope.suite not in CHUNKED:
        raise CannotOpenError
    return open_body(envelope.suite, key, context, envelope.body)


def open_equal(key: bytes, context: bytes, data: bytes) -> bytes:
    """The plaintext of `data` at a place where the rule says "search: equality"."""
    envelope = parse(data)
    if envelope.suite != DETERMINISTIC:
        raise CannotOpenError
    try:
        return _siv(key, context).decrypt_and_verify(envelope.body[16:], envelope.body[:16])
    except ValueError:
        raise CannotOpenError from None


def to_text(envelope: bytes) -> str:
    return "enc:1:" + base64.urlsafe_b64encode(envelope).decode().rstrip("=")


def from_text(text: str) -> bytes:
    match = re.fullmatch(r"enc:1:([A-Za-z0-9_-]*)", text)
    if not match or len(match[1]) % 4 == 1:
        raise MalformedError
    data = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4))
    if to_text(data) != text:
        raise MalformedError
    return data


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def lexeme_tag(lexeme: bytes) -> int:
    try:
        text = lexeme.decode()
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refuse)
    except ValueError:
        raise MalformedError from None
    if text.strip() != text:
        raise MalformedError
    return {"n": 1, "t": 2, "f": 2, '"': 4, "[": 5, "{": 6}.get(text[0], 3)


def value_to_plaintext(lexeme: bytes) -> bytes:
    return bytes([lexeme_tag(lexeme)]) + lexeme


def plaintext_to_lexeme(plaintext: bytes) -> bytes:
    try:
        if plaintext[:1] != bytes([lexeme_tag(plaintext[1:])]):
            raise CannotOpenError
    except MalformedError:
        raise CannotOpenError from None
    return plaintext[1:]


def _ff1_y(key: bytes, tweak: bytes, n: int, i: int, numeral: int) -> int:
    """Steps 3 to 6.iv of SP 800-38G algorithm 7, in its own names."""
    v = n - n // 2
    b = next(b for b in range(200) if 256**b >= 10**v)
    d = 4 * -(-b // 4) + 4
    p = bytes([1, 2, 1, 0, 0, 10, 10, n // 2 % 256]) + struct.pack(">II", n, len(tweak))
    q = tweak + bytes((-len(tweak) - b - 1) % 16) + bytes([i]) + numeral.to_bytes(b, "big")
    r = AES.new(key, AES.MODE_CBC, iv=bytes(16)).encrypt(p + q)[-16:]
    s, j = r, 1
    while len(s) < d:
        block = bytes(x ^ y for x, y in zip(r, j.to_bytes(16, "big"), strict=True))
        s += AES.new(key, AES.MODE_ECB).encrypt(block)
        j += 1
    return int.from_bytes(s[:d], "big")


def ff1(key: bytes, tweak: bytes, digits: str, *, decrypt: bool = False) -> str:
    u = len(digits) // 2
    a, b = digits[:u], digits[u:]
    for i in reversed(range(10)) if decrypt else range(10):
        m = len(digits) - u if i % 2 else u
        known = a if decrypt else b
        y = _ff1_y(key, tweak, len(digits), i, int(known))
        c = str((int(b) - y if decrypt else int(a) + y) % 10**m).zfill(m)
        a, b = (c, known) if decrypt else (known, c)
    return a + b


def _replace(key: bytes, context: bytes, text: str, keep_last: int, *, decrypt: bool) -> str:
    digits = [c for c in text if c in "0123456789"]
    count = len(digits) - keep_last
    if len(text) > 1024 or set(text) - set("0123456789 ()+./-") or not 6 <= count <= 256:
        raise CannotOpenError if decrypt else MalformedError
    key = expand(hmac_sha512, key, b"envelope-sidecar/digits@v1+FF1_AES_256\x00" + context, 32)
    kept = "".join(digits[count:])
    new = iter(ff1(key, kept.encode(), "".join(digits[:count]), decrypt=decrypt) + kept)
    return "".join(next(new) if c in digits else c for c in text)


def protect(key: bytes, context: bytes, text: str, keep_last: int) -> str:
    return _replace(key, context, text, keep_last, decrypt=False)


def reveal(key: bytes, context: bytes, text: str, keep_last: int) -> str:
    return _replace(key, context, text, keep_last, decrypt=True)
