# SPDX-License-Identifier: Apache-2.0
"""What the head of a message says about its body: the format, and whether it can be read at all."""

from functools import lru_cache

from sidecar.codecs import Codec, find_codec
from sidecar.message import Headers, header_values

_UNCODED = frozenset({b"", b"identity"})


def body_codec(headers: Headers) -> Codec | None:
    """The codec of a body sent with `headers`; None where no codec, or not just one, is named."""
    types = header_values(headers, b"content-type")
    return _codec_of(types[0]) if len(types) == 1 else None


def is_coded(headers: Headers) -> bool:
    """Whether Content-Encoding says that the body is not what it seems."""
    codings = {value.strip().lower() for value in header_values(headers, b"content-encoding")}
    return not codings <= _UNCODED


@lru_cache(maxsize=64)
def _codec_of(content_type: bytes) -> Codec | None:
    """RFC 9110 §8.3.1: a media type and parameters; of these only `charset` changes the reading."""
    media_type, *parameters = content_type.decode("latin-1").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8"}:
            return None
    return find_codec(media_type.strip())
