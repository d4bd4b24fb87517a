# SPDX-License-Identifier: Apache-2.0
"""Every error is told as problem details, with its own status and without a promise it breaks."""

import json
from collections.abc import Iterator

import pytest

from sidecar.backends import problem
from sidecar.errors import KeyUnavailable, Refused, SidecarError
from sidecar.message import find_header


def below(kind: type[SidecarError]) -> Iterator[type[SidecarError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def ours(kind: type[SidecarError]) -> list[type[SidecarError]]:
    """The kinds that a message of a store can meet."""
    places = ("sidecar.errors", "sidecar.backends.")
    return [each for each in below(kind) if each.__module__.startswith(places)]


@pytest.mark.parametrize("kind", ours(Refused), ids=lambda kind: kind.__name__)
def test_a_refusal_that_stands_is_never_a_5xx(kind: type[Refused]) -> None:
    error = kind.__new__(kind)
    SidecarError.__init__(error, "why it is so")
    refusal = problem(error, "customers")
    assert 400 <= refusal.status < 500
    assert find_header(refusal.headers, b"retry-after") is None
    told = json.loads(refusal.body)
    assert told == {
        "type": "about:blank",
        "title": told["title"],
        "status": refusal.status,
        "detail": "why it is so",
        "code": refusal.code,
        "rule": "customers",
    }
    assert find_header(refusal.headers, b"content-type") == b"application/problem+json"
    assert find_header(refusal.headers, b"cache-control") == b"no-store"


def test_only_what_may_pass_says_when_to_try_again() -> None:
    refusal = problem(KeyUnavailable("away", 9))
    assert refusal.status == 503
    assert find_header(refusal.headers, b"retry-after") == b"9"
    assert "rule" not in json.loads(refusal.body)


def test_codes_name_one_kind_of_refusal_each() -> None:
    codes = [kind.code for kind in ours(Refused)]
    assert len(codes) == len(set(codes))
