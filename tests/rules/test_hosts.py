# SPDX-License-Identifier: Apache-2.0
"""Destinations have one spelling, so that listeners and rules cannot miss each other."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import read_authority, spell_authority


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("crm.internal:8080", "crm.internal:8080"),
        ("CRM.Internal:8080", "crm.internal:8080"),
        ("my_store:80", "my_store:80"),
        ("10.0.0.1:443", "10.0.0.1:443"),
        ("[::1]:443", "[::1]:443"),
        ("[2001:DB8:0::1]:443", "[2001:db8::1]:443"),
    ],
)
def test_a_destination_has_one_spelling(text: str, authority: str) -> None:
    assert read_authority(text) == authority
    assert read_authority(authority) == authority
    host, _, port = authority.rpartition(":")
    assert spell_authority(host.strip("[]"), int(port)) == authority


@pytest.mark.parametrize(
    "text",
    [
        "", "crm", ":80", "crm:", "crm:0", "crm:080", "crm:65536", "crm:-1", "crm:\uff18\uff10",
        "crm: 80",
        "http://crm:80", "crm:80/", "user@crm:80", "crm.:80", "-crm:80", "c r m:80", "crm\n:80",
        "::1:80", "[::1:80", "::1]:80", "[crm]:80", "256.0.0.1:80", "1.2.3:80", "010.0.0.1:80",
        "客户:80", "a" * 64 + ":80", "a." * 127 + "a:80",
    ],
)  # fmt: skip
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured):
        read_authority(text)
