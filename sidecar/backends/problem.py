# SPDX-License-Identifier: Apache-2.0
"""Refusals in the dialect of plain HTTP APIs: `application/problem+json` (RFC 9457)."""

from http import HTTPStatus

import msgspec

from sidecar.errors import KeyUnavailable, SidecarError
from sidecar.message import Refusal


def problem(error: SidecarError, rule: str = "") -> Refusal:
    """The answer for `error` under the rule named `rule`.

    `type` stays `about:blank` (§4.2.1): the machine's word for the cause is the member `code`.
    """
    members: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.why,
        "code": error.code,
    }
    if rule:
        members["rule"] = rule
    return refusal_in(b"application/problem+json", members, error)


def refusal_in(media_type: bytes, content: object, error: SidecarError) -> Refusal:
    """The answer for `error` that says `content`, in a format of JSON; no cache may keep it."""
    headers = [(b"Content-Type", media_type), (b"Cache-Control", b"no-store")]
    if isinstance(error, KeyUnavailable):
        headers.append((b"Retry-After", b"%d" % error.retry_after))
    return Refusal(error.status, tuple(headers), msgspec.json.encode(content), error.code)
