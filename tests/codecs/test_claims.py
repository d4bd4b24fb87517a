# SPDX-License-Identifier: Apache-2.0
"""A text that claims to be an envelope is seen in every spelling, and no other text is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs.claims import count_claims, holds_envelope
from sidecar.envelope import PREFIX, is_sealed_text, lookup_key_id, seal_equal, to_text

TEXTS = st.one_of(
    st.sampled_from(
        ["enc:1:", "enc:42:x", "enc:", "enc:x:", 'a"enc:1:', "enc:1", '"enc:1:x"', "\\"]
    ),
    st.text('enc:1"\\ ', max_size=9),
)


def escape(text: str, which: set[int]) -> str:
    """`text` as JSON with the characters at `which` spelled as escapes."""
    spelled = [
        f"\\u{ord(char):04x}" if at in which or char in '"\\' else char
        for at, char in enumerate(text)
    ]
    return f'"{"".join(spelled)}"'


@given(text=TEXTS, which=st.sets(st.integers(0, 9)))
def test_a_text_counts_exactly_when_it_claims_to_be_sealed(text: str, which: set[int]) -> None:
    body = f'{{"a" : {escape(text, which)}}}'
    assert json.loads(body) == {"a": text}
    assert count_claims(body.encode()) == is_sealed_text(text)


@given(tree=st.recursive(TEXTS, lambda t: st.lists(t) | st.dictionaries(TEXTS, t), max_leaves=8))
def test_every_text_of_a_body_counts_once(tree: object) -> None:
    def claims(value: object) -> int:
        if isinstance(value, dict):
            return sum(is_sealed_text(name) + claims(below) for name, below in value.items())
        if isinstance(value, list):
            return sum(map(claims, value))
        return is_sealed_text(str(value))

    assert count_claims(json.dumps(tree).encode()) == claims(tree)


@pytest.mark.parametrize("frame", ["%s", "id,ssn\r\n1,%s\r\n", "<ssn>%s</ssn>", 'x="%s"'])
def test_the_shortest_envelope_is_seen_in_any_format(frame: str) -> None:
    shortest = to_text(seal_equal(bytes(32), lookup_key_id(b"edk"), b"", b"x"))
    assert holds_envelope(frame.replace("%s", shortest).encode())
    assert not holds_envelope(frame.replace("%s", PREFIX + "AQEB").encode())


@pytest.mark.parametrize("colon", ["%3A", "%3a", "\\u003a", "&#58;", "&#x3A;", "&colon;"])
def test_urls_scripts_and_pages_hide_no_envelope(colon: str) -> None:
    assert holds_envelope(f"a enc{colon}1{colon}{'A' * 38}".encode())
    assert holds_envelope(f"enc:1:{'A' * 38}".encode("utf-32-be"))
