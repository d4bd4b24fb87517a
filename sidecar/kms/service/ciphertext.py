# SPDX-License-Identifier: Apache-2.0
"""The CiphertextBlob and what it is bound to.

    blob = key version id (36 ASCII) ‖ IV (12) ‖ AES-GCM(Base64 text of the plaintext) with tag (16)

This is the layout of the vendor's own ciphertexts; what is encrypted is the Base64 *text*, so
Decrypt returns exactly the string that Encrypt was given. The version id needs no protection of
its own: under another version's key the tag does not verify.

The additional data is the encryption context. The vendor's client hashes `k=v&k=v`, sorted, which
is not injective: {"a": "b&c=d"} and {"a": "b", "c": "d"} are one text, so whoever may choose a
value could open what was sealed for someone else's pair. Here `%`, `&` and `=` inside names and
values are percent-encoded first. No delimiter can then come from a value, so two different maps
never give the same text; and a context without those three characters gives the very bytes of
the vendor's client. An absent and an empty context are the same and give no additional data.
"""

import binascii
import hashlib
import json
import re
from typing import NamedTuple

from sidecar.kms.service.holder import Holder

VERSION_ID_BYTES = 36
IV_BYTES = 12
TAG_BYTES = 16
MAX_CONTEXT = 8192
"""Characters of the EncryptionContext parameter."""

type Context = dict[str, str]

_VERSION_ID = re.compile(r"[0-9a-f-]{36}")
_ESCAPES = str.maketrans({"%": "%25", "&": "%26", "=": "%3D"})


class Blob(NamedTuple):
    """The parts of a CiphertextBlob."""

    version_id: str
    iv: bytes
    ciphertext: bytes

    def __bytes__(self) -> bytes:
        return self.version_id.encode("ascii") + self.iv + self.ciphertext


def parse_blob(data: bytes) -> Blob:
    """Split a blob; raise ValueError where it cannot be one."""
    if len(data) < VERSION_ID_BYTES + IV_BYTES + TAG_BYTES:
        raise ValueError
    named = version_id(data[:VERSION_ID_BYTES].decode("ascii"))
    iv_end = VERSION_ID_BYTES + IV_BYTES
    return Blob(named, data[VERSION_ID_BYTES:iv_end], data[iv_end:])


def version_id(text: str) -> str:
    """Read the id of a key version; raise ValueError."""
    if not _VERSION_ID.fullmatch(text):
        raise ValueError
    return text


def encrypt(holder: Holder, version: str, text: bytes, context: Context) -> Blob:
    """Encrypt the Base64 `text` of a plaintext under a key version, which `holder` has."""
    iv, ciphertext = holder.encrypt(text, additional_data(context))
    return Blob(version, iv, ciphertext)


def decrypt(holder: Holder, blob: Blob, context: Context) -> bytes:
    """The Base64 text that was encrypted; raise BadCiphertext where anything is not as it was."""
    return holder.decrypt(blob.iv, blob.ciphertext, additional_data(context))


def parse_context(text: str) -> Context:
    """Read an EncryptionContext: a flat JSON object of strings; raise ValueError."""
    if len(text) > MAX_CONTEXT:
        raise ValueError
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(pairs, _Pairs) or not all(isinstance(v, str) for _, v in pairs):
        raise ValueError
    context = dict(pairs)
    if len(context) != len(pairs):
        raise ValueError
    _canonical(context)  # a lone surrogate cannot be encoded
    return context


class _Pairs(list[tuple[str, str]]):
    """A JSON object as it was written, duplicates and all."""


def additional_data(context: Context) -> bytes:
    """The AES-GCM additional data for `context`; injective (see above)."""
    if not context:
        return b""
    return hashlib.sha256(_canonical(context)).hexdigest().encode("ascii")


def _canonical(context: Context) -> bytes:
    return "&".join(
        f"{name.translate(_ESCAPES)}={value.translate(_ESCAPES)}"
        for name, value in sorted(context.items())
    ).encode("utf-8")


def strict_base64(text: str) -> bytes:
    """Decode standard Base64 in its one spelling; raise ValueError for any other."""
    data = binascii.a2b_base64(text, strict_mode=True)
    if binascii.b2a_base64(data, newline=False).decode("ascii") != text:
        raise ValueError
    return data
