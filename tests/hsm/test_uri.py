# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 URIs: one meaning, one spelling, no secret."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import Pkcs11Uri
from sidecar.hsm.pin import PinFile, PinVariable

MODULE = "module-path=/usr/lib/softhsm/libsofthsm2.so"
WHOLE = f"pkcs11:token=my%20kms;serial=a1?{MODULE}&pin-source=file:/etc/kms/pin"


def test_a_whole_uri_is_read() -> None:
    uri = Pkcs11Uri.parse(WHOLE)
    assert uri == Pkcs11Uri(
        module=Path("/usr/lib/softhsm/libsofthsm2.so"),
        pin_source=PinFile(Path("/etc/kms/pin")),
        token="my kms",
        serial="a1",
    )


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        f"pkcs11:token=kms?{MODULE}&pin-source=env:KMS_PIN",
        f"pkcs11:serial=%2F?{MODULE}&pin-source=file:///a%20b/pin&x-softhsm2-conf=/x.conf",
    ],
)
def test_the_canonical_spelling_reads_back(text: str) -> None:
    uri = Pkcs11Uri.parse(text)
    assert Pkcs11Uri.parse(str(uri)) == uri
    assert str(Pkcs11Uri.parse(str(uri))) == str(uri)


def test_a_pin_may_come_from_the_environment() -> None:
    uri = Pkcs11Uri.parse(f"pkcs11:token=kms?{MODULE}&pin-source=env:KMS_PIN")
    assert uri.pin_source == PinVariable("KMS_PIN")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("softhsm:token=kms", "begins with pkcs11:"),
        (f"pkcs11:?{MODULE}&pin-source=env:P", "name the token"),
        ("pkcs11:token=kms?pin-source=env:P", "module-path is missing"),
        (f"pkcs11:token=kms?{MODULE}", "pin-source is missing"),
        (f"pkcs11:token=kms?{MODULE}&pin-value=SECRET", "pin-value is not accepted"),
        (f"pkcs11:token=kms;token=b?{MODULE}&pin-source=env:P", "stands twice"),
        (f"pkcs11:token=k;object=SECRET?{MODULE}&pin-source=env:P", "not known here"),
        (f"pkcs11:token=%zz?{MODULE}&pin-source=env:P", "no well-formed value"),
        (f"pkcs11:token=%ff?{MODULE}&pin-source=env:P", "not UTF-8"),
        (f"pkcs11:token=%00?{MODULE}&pin-source=env:P", "control character"),
        ("pkcs11:token=k?module-path=lib.so&pin-source=env:P", "absolute path"),
        (f"pkcs11:token=k?{MODULE}&pin-source=SECRET", "pin-source must be"),
        (f"pkcs11:token=k?{MODULE}&pin-source=file:SECRET", "pin-source must be"),
    ],
)
def test_anything_else_is_refused_without_repeating_a_value(text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured, match=complaint) as caught:
        Pkcs11Uri.parse(text)
    assert "SECRET" not in caught.value.why
