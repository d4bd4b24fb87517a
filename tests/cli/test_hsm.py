# SPDX-License-Identifier: Apache-2.0
"""`sidecar hsm probe`, as its users type it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.cli import main
from sidecar.hsm import HsmThread, Pkcs11Uri, Token
from sidecar.hsm.token import ANCHOR_ID, ROOT_ID
from tests.fixtures.kms import RunningKms

type Probe = Callable[..., tuple[int, str, str]]

SOFTWARE = {"Aliyun_SM4", "EC_SM2", "HMAC_SM3"}
"""What SoftHSM has no mechanisms for."""


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Probe:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sidecar", "hsm", "probe", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_it_tells_what_the_token_of_a_kms_can_hold_while_that_serves(
    probe: Probe, kms: RunningKms
) -> None:
    code, out, _ = probe("--dir", kms.directory, "--json")
    told = json.loads(out)
    assert code == 0
    assert {spec for spec, level in told["levels"].items() if level == "SOFTWARE"} == SOFTWARE
    assert set(told["levels"].values()) == {"HSM", "SOFTWARE"}
    code, out, _ = probe("--dir", kms.directory)
    assert code == 0
    assert "  RSA_4096         HSM\n" in out
    assert "  EC_SM2           SOFTWARE\n" in out


def test_it_tells_of_a_token_that_no_kms_has_yet_and_changes_nothing_in_it(
    probe: Probe, token_uri: Pkcs11Uri
) -> None:
    with HsmThread(token_uri) as hsm:
        for key_id in (ANCHOR_ID, ROOT_ID):
            hsm.run(lambda token, k=key_id: token.destroy(k))
    code, out, _ = probe("--token", str(token_uri), "--json")
    assert code == 0
    assert json.loads(out)["levels"]["Aliyun_AES_256"] == "HSM"
    with HsmThread(token_uri) as hsm:
        assert hsm.run(Token.has_anchor) is False


def test_a_token_that_cannot_be_opened_is_told_in_a_sentence(
    probe: Probe, token_uri: Pkcs11Uri, tmp_path: Path
) -> None:
    (tmp_path / "hsm" / "pin").write_text("wrong")
    code, out, err = probe("--token", str(token_uri))
    assert (code, out) == (1, "")
    assert "refused" in err
    code, _, err = probe("--dir", tmp_path / "nowhere")
    assert code == 2
    assert "sidecar kms init" in err
