# SPDX-License-Identifier: Apache-2.0
"""What differs from what was signed is named, and a signature is of the text it stands under."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sidecar.errors import Misconfigured
from sidecar.rules import RuleFile
from sidecar.rules.trust import describe, sign, verify
from sidecar.rules.trust.keys import TrustKey

KEY = Ed25519PrivateKey.generate()
TRUSTED = (TrustKey.of(KEY.public_key()),)


def files(**contents: bytes) -> list[RuleFile]:
    return [RuleFile(Path(f"{name}.yaml"), data) for name, data in contents.items()]


def test_every_difference_is_named() -> None:
    signed = sign(describe(files(a=b"1", b=b"2", c=b"3"), 1), KEY).encode()
    with pytest.raises(Misconfigured) as caught:
        verify(signed, files(a=b"1", b=b"other", d=b"4"), TRUSTED)
    assert caught.value.why == (
        "not the files that were signed: altered: b.yaml; missing: c.yaml; not signed: d.yaml; "
        "once they are reviewed, `sidecar rules sign` signs them anew"
    )


def test_a_signature_is_of_its_own_text() -> None:
    """The attack: the true signature of one version under the text of another."""
    one, two = (sign(describe(files(a=b"1"), version), KEY) for version in (1, 2))
    with pytest.raises(Misconfigured, match="not of its own text"):
        verify(two._replace(value=one.value).encode(), files(a=b"1"), TRUSTED)


def test_nobody_trusted_means_nothing_holds() -> None:
    with pytest.raises(Misconfigured, match="trusted is"):
        verify(sign(describe(files(a=b"1"), 1), KEY).encode(), files(a=b"1"), ())
