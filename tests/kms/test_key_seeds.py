# SPDX-License-Identifier: Apache-2.0
"""What `keys` of a `kms.yaml` may say, and what is said about anything else."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.key_seeds import KeyReader, KeySeed
from sidecar.strict_yaml import read

ID = "11111111-2222-4333-8444-555555555555"
ONE, REGIONS = ["1"], ["cn-hangzhou", "cn-beijing"]


def seeds(folder: Path, text: str, accounts: list[str] | None = None) -> tuple[KeySeed, ...]:
    file = folder / "kms.yaml"
    file.write_text(text)
    return KeyReader(accounts or ONE, REGIONS).read(read(file))


def test_an_id_is_enough(tmp_path: Path) -> None:
    (seed,) = seeds(tmp_path, f"- id: {ID}")
    assert seed == KeySeed(ID, "1", "cn-hangzhou", "Aliyun_AES_256", "ENCRYPT/DECRYPT", ())


def test_everything_can_be_said(tmp_path: Path) -> None:
    text = (
        "- {id: key-1, spec: RSA_2048, usage: ENCRYPT/DECRYPT, region: cn-beijing, account: '2',"
        " aliases: [alias/a, alias/b]}\n"
        "- {id: key-2, spec: RSA_2048, account: '1', aliases: [alias/a]}"
    )
    assert seeds(tmp_path, text, ["1", "2"]) == (
        KeySeed(
            *("key-1", "2", "cn-beijing", "RSA_2048", "ENCRYPT/DECRYPT", ("alias/a", "alias/b"))
        ),
        KeySeed("key-2", "1", "cn-hangzhou", "RSA_2048", "SIGN/VERIFY", ("alias/a",)),
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("- {aliases: [alias/a]}", "id"),
        ("- {id: alias/a}", "1:8: expected a key id"),
        (f"- {{id: {'x' * 65}}}", "1:8: expected a key id"),
        ("- {id: a, size: 5}", "size"),
        ("- {id: a, spec: AES}", "1:17"),
        ("- {id: a, usage: SIGN/VERIFY}", "1:18"),
        ("- {id: a, region: cn-shanghai}", "1:19"),
        ("- {id: a, account: '3'}", "1:20: no account has the id '3'"),
        ("- {id: a, aliases: [customers]}", "1:21: expected an alias"),
        ("- {id: a, aliases: [alias/acs/a]}", "1:21: expected an alias"),
        ("- {id: a}\n- {id: a}", "2:8: a stands here twice"),
        ("- {id: a, aliases: [alias/a, alias/a]}", "1:30: alias/a stands here twice"),
        ("- {id: a, aliases: [alias/a]}\n- {id: b, aliases: [alias/a]}", "2:21: alias/a stands"),
    ],
)
def test_anything_else_is_told_with_its_place(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        seeds(tmp_path, text)
    assert complaint in caught.value.why


def test_of_several_accounts_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="account"):
        seeds(tmp_path, "- {id: a}", ["1", "2"])
