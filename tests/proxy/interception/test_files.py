# SPDX-License-Identifier: Apache-2.0
"""A CA from files that somebody else renews."""

import datetime as dt
import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sidecar.errors import Misconfigured
from sidecar.proxy.interception import CaFiles
from sidecar.proxy.interception.certificates import CA_LIFETIME, Ca
from tests.fixtures.authority import Authority
from tests.proxy.interception.test_certificates import ca_for

NOW = dt.datetime.now(dt.UTC)


def write(ca: Ca, folder: Path) -> CaFiles:
    """As Kubernetes does: new files, put in the place of the old ones."""
    new = folder / "new"
    new.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    new.replace(folder / "tls.crt")
    new.write_bytes(ca.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    new.chmod(0o440)
    new.replace(folder / "tls.key")
    return CaFiles(folder / "tls.crt", folder / "tls.key")


def test_it_is_read_again_when_it_was_renewed(tmp_path: Path) -> None:
    files = write(ca_for("crm.internal"), tmp_path)
    before = files.for_host("crm.internal", NOW)
    assert files.for_host("crm.internal", NOW) is before
    renewed = ca_for("crm.internal")
    write(renewed, tmp_path)
    assert files.for_host("crm.internal", NOW).certificate == renewed.certificate


def test_half_a_renewal_is_told_once_a_change_and_the_old_pair_serves_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    files = write(ca_for("crm.internal"), tmp_path)
    before = files.for_host("crm.internal", NOW)
    (tmp_path / "tls.crt").write_bytes(
        ca_for("crm.internal").certificate.public_bytes(Encoding.PEM)
    )
    for _ in range(3):
        assert files.for_host("crm.internal", NOW) is before
    (tmp_path / "tls.key").unlink()
    for _ in range(3):
        assert files.for_host("crm.internal", NOW) is before
    kept, key = "the CA that was read before serves on:", f"{tmp_path}/tls.key"
    assert [record.getMessage() for record in caplog.records] == [
        f"{kept} {key}: not the key of the first certificate in {tmp_path}/tls.crt",
        f"{kept} {key}: cannot be read: No such file or directory",
    ]


def test_it_signs_only_for_what_it_may(tmp_path: Path) -> None:
    files = write(ca_for("crm.internal"), tmp_path)
    with pytest.raises(Misconfigured, match=r"tls.crt: its name constraints leave out bank.test"):
        files.for_host("bank.test", NOW)
    with pytest.raises(Misconfigured, match=r"tls.crt: not in force now; renew it"):
        files.for_host("crm.internal", NOW + CA_LIFETIME)


def test_what_is_no_ca_is_told(tmp_path: Path) -> None:
    leaf = Authority(tmp_path).issue("crm.internal")
    with pytest.raises(Misconfigured, match="the first certificate is not one of a CA"):
        CaFiles(*leaf).current()
    with pytest.raises(Misconfigured, match="absent: cannot be read"):
        CaFiles(tmp_path / "absent", leaf.key).current()
