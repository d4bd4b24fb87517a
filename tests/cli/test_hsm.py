# SPDX-License-Identifier: Apache-2.0
"""`sidecar hsm`, as its users type it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.cli import main
from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Pkcs11Uri, Token
from sidecar.hsm.reserved import ANCHOR_ID, ROOT_ID
from sidecar.kms.proof import prove
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms

type Hsm = Callable[..., tuple[int, str, str]]

SOFTWARE = {"Aliyun_SM4", "EC_SM2", "HMAC_SM3"}
"""What SoftHSM has no mechanisms for."""


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hsm:
    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sidecar", "hsm", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


def test_it_tells_what_the_token_of_a_kms_can_hold_while_that_serves(
    ask: Hsm, kms: RunningKms
) -> None:
    code, out, _ = ask("probe", "--dir", kms.directory, "--json")
    told = json.loads(out)
    assert code == 0
    assert {spec for spec, level in told["levels"].items() if level == "SOFTWARE"} == SOFTWARE
    assert set(told["levels"].values()) == {"HSM", "SOFTWARE"}
    code, out, _ = ask("probe", "--dir", kms.directory)
    assert code == 0
    assert "  RSA_4096         HSM\n" in out
    assert "  EC_SM2           SOFTWARE\n" in out


def test_it_tells_of_a_token_that_no_kms_has_yet_and_changes_nothing_in_it(
    ask: Hsm, token_uri: Pkcs11Uri
) -> None:
    with HsmThread(token_uri) as hsm:
        for key_id in (ANCHOR_ID, ROOT_ID):
            hsm.run(lambda token, k=key_id: token.destroy(k))
    code, out, _ = ask("probe", "--token", str(token_uri), "--json")
    assert code == 0
    assert json.loads(out)["levels"]["Aliyun_AES_256"] == "HSM"
    with HsmThread(token_uri) as hsm:
        assert hsm.run(Token.has_anchor) is False


def test_a_token_that_cannot_be_opened_is_told_in_a_sentence(
    ask: Hsm, token_uri: Pkcs11Uri, tmp_path: Path
) -> None:
    (tmp_path / "hsm" / "pin").write_text("wrong")
    code, out, err = ask("probe", "--token", str(token_uri))
    assert (code, out) == (1, "")
    assert "refused" in err
    code, _, err = ask("probe", "--dir", tmp_path / "nowhere")
    assert code == 2
    assert "sidecar kms init" in err


def test_a_token_is_made_ready_once(ask: Hsm, token_uri: Pkcs11Uri, tmp_path: Path) -> None:
    with HsmThread(token_uri) as hsm:
        for key_id in (ANCHOR_ID, ROOT_ID):
            hsm.run(lambda token, k=key_id: token.destroy(k))
        database = Database.sqlite(tmp_path / "kms.db")
        with pytest.raises(Misconfigured, match="sidecar hsm prepare makes one"):
            prove(hsm, database)
    assert ask("prepare", "--token", str(token_uri))[0] == 0
    with HsmThread(token_uri) as hsm:
        prove(hsm, database)
        sealed = hsm.run(lambda token: token.encrypt_gcm(ROOT_ID, b"a canary", b""))
    code, out, _ = ask("prepare", "--token", str(token_uri))
    assert (code, out) == (0, f"{token_uri} is ready for a KMS core\n")
    with HsmThread(token_uri) as hsm:
        opened = hsm.run(lambda token: token.decrypt_gcm(ROOT_ID, *sealed, b""))
    assert opened == b"a canary"
    database.close()
