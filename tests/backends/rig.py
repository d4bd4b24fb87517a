# SPDX-License-Identifier: Apache-2.0
"""The backend `rest` bound to a rule for customers, and heads of messages for it."""

from sidecar.backends import BACKENDS, Adapter
from sidecar.message import Headers, RequestHead, ResponseHead
from sidecar.rules import Mode
from tests.rules import samples

JSON = (b"Content-Type", b"application/json")
TEXT = (b"Content-Type", b"text/plain")
EMAIL = samples.field("email", Mode.EQUALITY)


def adapter(**parts: object) -> Adapter:
    options = {"lookup_keys": (b"edk",), "fields": (samples.field("ssn"), EMAIL), **parts}
    return BACKENDS["rest"].bind(samples.rule(**options))


def head(*headers: tuple[bytes, bytes], target: bytes = b"/customers/c1") -> RequestHead:
    lines: Headers = headers or (JSON,)
    return RequestHead(b"PUT", target, samples.HOST, lines)


def answer(*headers: tuple[bytes, bytes], status: int = 200) -> ResponseHead:
    return ResponseHead(status, b"OK", headers or (JSON,))


def sent(body: bytes, variables: dict[str, str] | None = None, **parts: object) -> list[object]:
    message = adapter(**parts).read_request(head(), variables or {}, b"", body)
    return [(value.field.name, value.lexeme, value.record) for value in message.values]
