# SPDX-License-Identifier: Apache-2.0
"""Key specs and what they are for, as the API documents them."""

from pathlib import Path

import pytest

from sidecar.kms import api
from sidecar.kms.service.specs import SPECS, Usage


@pytest.mark.parametrize(
    ("spec", "default"),
    [
        ("Aliyun_AES_256", "ENCRYPT/DECRYPT"),
        ("Aliyun_SM4", "ENCRYPT/DECRYPT"),
        ("RSA_2048", "SIGN/VERIFY"),
        ("EC_P256K", "SIGN/VERIFY"),
        ("EC_SM2", "SIGN/VERIFY"),
        ("HMAC_SHA_256", "GENERATE/VERIFY"),
    ],
)
def test_what_can_sign_signs_where_nothing_is_said(spec: str, default: str) -> None:
    assert next(iter(SPECS[spec].algorithms)) == default


def test_a_cmk_has_one_use() -> None:
    assert SPECS["RSA_2048"].allows(Usage.SIGN, "RSA_PSS_SHA_256")
    assert not SPECS["RSA_2048"].allows(Usage.ENCRYPT, "RSA_PSS_SHA_256")
    assert not SPECS["RSA_2048"].allows(Usage.SIGN, "RSAES_OAEP_SHA_1")
    assert not SPECS["EC_P256"].allows(Usage.ENCRYPT, "SM2PKE")
    assert not SPECS["EC_P256"].allows("no usage", "ECDSA_SHA_256")


def test_material_has_the_length_of_its_kind() -> None:
    assert {name: spec.size for name, spec in SPECS.items() if not spec.has_public_key} == {
        "Aliyun_AES_256": 32,
        "Aliyun_AES_192": 24,
        "Aliyun_AES_128": 16,
        "Aliyun_SM4": 16,
        "HMAC_SM3": 32,
        "HMAC_SHA_224": 28,
        "HMAC_SHA_256": 32,
        "HMAC_SHA_384": 48,
        "HMAC_SHA_512": 64,
    }


def test_material_is_brought_for_two_specs() -> None:
    importable = {name for name, spec in SPECS.items() if spec.is_importable}
    assert importable == {"Aliyun_AES_256", "Aliyun_SM4"}


def test_the_document_has_every_spec_with_its_uses_and_algorithms() -> None:
    document = (Path(api.__file__).parent / "API.md").read_text()
    rows = {
        cells[0]: (cells[1].split(", "), cells[2].split(", "))
        for line in document.splitlines()
        if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 4
        and cells[0] in SPECS
    }
    assert rows == {
        name: (
            [str(usage) for usage in spec.algorithms],
            [algorithm for each in spec.algorithms.values() for algorithm in each],
        )
        for name, spec in SPECS.items()
    }
