# SPDX-License-Identifier: Apache-2.0
"""A KMS core is made whole, made private, and made once."""

import json
import signal
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.config import Tls, load_kms_config
from sidecar.kms.installation import make, refuse_foreign


def test_what_is_made_can_be_read_and_by_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "kms"
    made = make(directory)
    assert made is not None
    config = load_kms_config(directory / "kms.yaml")
    (account,) = config.accounts
    keys = {user.name: user.access_keys for user in account.users}
    for user, name in (("admin", "credentials.json"), ("sidecar", "sidecar.json")):
        stored = json.loads((directory / name).read_text())
        (key,) = keys[user]
        assert (key.id, key.secret) == (stored["access_key_id"], stored["access_key_secret"])
    assert keys["admin"][0].id == made.access_key_id
    assert (account.id, config.region) == (made.account_id, made.region)
    assert made.endpoint == f"http://{config.listen_host}:{config.listen_port}"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    files = [path for path in directory.rglob("*") if path.is_file() and "tokens" not in path.parts]
    assert len(files) == 9
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    first, second = make(tmp_path / "first"), make(tmp_path / "second")
    assert first is not None
    assert second is not None
    assert first.access_key_id != second.access_key_id
    assert first.access_key_secret != second.access_key_secret


def test_one_that_was_begun_is_finished(tmp_path: Path) -> None:
    """As a crash leaves it before the configuration is written."""
    make(tmp_path)
    (tmp_path / "kms.yaml").unlink()
    (tmp_path / "credentials.json").unlink()
    made = make(tmp_path)
    assert made is not None
    assert made.access_key_secret in (tmp_path / "admin.secret").read_text()
    assert make(tmp_path) is None


KILLED = """
import os, signal, sys
from pathlib import Path
from sidecar.kms.installation import make

folder, point = sys.argv[1:]

def watch(event, arguments):
    if point in (told := f"{event} {arguments}") and (folder in told or event == "ctypes.dlsym"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
make(Path(folder))
"""
"""Ends where it is about to do what `point` names."""


@pytest.mark.parametrize(
    "point",
    [
        "/tokens'",
        "/pin'",
        "'C_InitToken'",
        "'C_InitPIN'",
        "'C_Finalize'",
        "/token.kept'",
        "/hsm'",
        "/kms.db'",
        "/credentials.json'",
        "/kms.yaml'",
    ],
)
def test_one_that_was_killed_is_finished(tmp_path: Path, point: str) -> None:
    directory = tmp_path / "kms"
    killed = [sys.executable, "-c", KILLED, str(directory), point]
    assert subprocess.run(killed, check=False).returncode == -signal.SIGKILL
    assert not (directory / "kms.yaml").exists()
    made = make(directory)
    assert made is not None
    assert make(directory) is None
    with HsmThread(load_kms_config(directory / "kms.yaml").token) as hsm:
        assert hsm.run(Token.has_anchor)


def test_what_another_user_laid_into_the_folder_is_not_taken_up(tmp_path: Path) -> None:
    """A token whose PIN they know, or a link to a place where they read what is written."""
    refuse_foreign(tmp_path, {1})
    (tmp_path / "kms.db").symlink_to(tmp_path / "elsewhere")
    owner = (tmp_path / "kms.db").lstat().st_uid
    refuse_foreign(tmp_path, {owner})
    with pytest.raises(Misconfigured, match=r"kms\.db: belongs to another user"):
        refuse_foreign(tmp_path, {owner + 1})


def test_a_token_that_was_begun_is_told(tmp_path: Path) -> None:
    (tmp_path / "hsm").mkdir()
    with pytest.raises(Misconfigured, match="the HSM cannot be used"):
        make(tmp_path)
    assert not (tmp_path / "kms.yaml").exists()


HOSTS = ("localhost", "kms.envelope-dev.svc")
TLS_FILES = ("ca.pem", "ca.key", "server.pem", "server.key")


def contents(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in TLS_FILES}


def test_one_with_hosts_has_certificates_of_its_own(tmp_path: Path) -> None:
    made = make(tmp_path, HOSTS)
    assert made is not None
    assert made.endpoint == "https://localhost:28900"
    config = load_kms_config(tmp_path / "kms.yaml")
    assert (config.listen_host, config.listen_port) == ("0.0.0.0", 28900)
    assert config.tls == Tls(tmp_path / "server.pem", tmp_path / "server.key")
    for name in TLS_FILES:
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_one_without_has_none_and_listens_on_loopback(tmp_path: Path) -> None:
    make(tmp_path)
    config = load_kms_config(tmp_path / "kms.yaml")
    assert (config.listen_host, config.tls) == ("127.0.0.1", None)
    assert not [name for name in TLS_FILES if (tmp_path / name).exists()]


def test_an_ipv6_host_is_spelled_as_urls_do(tmp_path: Path) -> None:
    made = make(tmp_path, ("::1",))
    assert made is not None
    assert made.endpoint == "https://[::1]:28900"


def test_certificates_stay_while_they_are_good(tmp_path: Path) -> None:
    make(tmp_path, HOSTS)
    before = contents(tmp_path)
    assert make(tmp_path, HOSTS) is None
    assert contents(tmp_path) == before


def test_a_new_name_gets_a_new_certificate_of_the_same_authority(tmp_path: Path) -> None:
    make(tmp_path, HOSTS)
    before = contents(tmp_path)
    make(tmp_path, (*HOSTS, "kms.elsewhere"))
    after = contents(tmp_path)
    changed = {name for name in TLS_FILES if before[name] != after[name]}
    assert changed == {"server.pem", "server.key"}


@pytest.mark.parametrize("name", ["ca", "server"])
def test_certificates_that_were_begun_are_finished(tmp_path: Path, name: str) -> None:
    """As a crash leaves them: a key is written before its certificate."""
    make(tmp_path, HOSTS)
    (tmp_path / f"{name}.pem").unlink()
    (tmp_path / f"{name}.key").write_text("of a certificate that was never written")
    make(tmp_path, HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")


def test_the_key_of_the_authority_may_be_away_until_it_is_needed(tmp_path: Path) -> None:
    make(tmp_path, HOSTS)
    (tmp_path / "ca.key").unlink()
    make(tmp_path, HOSTS)
    with pytest.raises(Misconfigured, match=r"ca\.key: No such file.* signed"):
        make(tmp_path, ("kms.elsewhere",))


def test_one_that_serves_in_clear_is_not_taken_for_one_with_tls(tmp_path: Path) -> None:
    make(tmp_path)
    with pytest.raises(Misconfigured, match="add the line `tls: ") as caught:
        make(tmp_path, HOSTS)
    line = caught.value.why.split("`")[1]
    with (tmp_path / "kms.yaml").open("a") as file:
        file.write(line + "\n")
    assert make(tmp_path, HOSTS) is None


def test_what_is_no_host_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="neither a host name nor an IP address"):
        make(tmp_path / "kms", ("kms.internal", "https://kms"))
    assert not (tmp_path / "kms").exists()
