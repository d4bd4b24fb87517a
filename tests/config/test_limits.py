# SPDX-License-Identifier: Apache-2.0
"""Bounds: their names, and that what is documented is what holds by default."""

import re
from dataclasses import fields

import sidecar.config
from sidecar.config import limits as module
from sidecar.keys import KeyLimits
from sidecar.proxy import Admin, Limits
from tests.config.documents import LEAST


def test_limits_are_read_by_their_names(load) -> None:
    config = load(
        LEAST + "admin: {listen: '0.0.0.0:0'}\n"
        "limits: {held_body: 1MiB, keys: 500ms, drain: 1m}\n"
        "keys: {max_age: 10m, grace: 0}\n"
    )
    assert config.admin == Admin("0.0.0.0", 0)
    assert config.held_body == 1024**2
    assert config.limits == Limits(key_seconds=0.5, drain_seconds=60)
    assert config.keys == KeyLimits(max_age=600, grace=0)


def test_every_limit_is_documented_with_its_default(load) -> None:
    """The example at the top of the package is what somebody copies."""
    doc = sidecar.config.__doc__ or ""
    sections = [
        re.sub(r"\s+", " ", doc[at.end() : doc.index("}", at.end()) + 1])
        for at in re.finditer(r"^    (?:limits|keys):$", doc, re.MULTILINE)
    ]
    said = load(LEAST + f"limits: {sections[0]}\nkeys: {sections[1]}\n")
    assert (said.limits, said.held_body, said.keys) == (Limits(), 8 * 1024**2, KeyLimits())
    assert _words(sections[0]) == {*module._LIMITS, "held_body"}
    assert _words(sections[1]) == set(module._KEY_LIMITS)
    assert {name for name, _ in module._LIMITS.values()} <= {each.name for each in fields(Limits)}


def _words(section: str) -> set[str]:
    return set(re.findall(r"(\w+):", section))
