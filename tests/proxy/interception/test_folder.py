# SPDX-License-Identifier: Apache-2.0
"""The CA that is kept in a folder: made once, made again in time, one for all processes."""

import datetime as dt
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy.interception import CaFolder
from sidecar.proxy.interception.certificates import CA_LIFETIME, hosts_of
from sidecar.proxy.interception.folder import RENEWAL

NOW = dt.datetime.now(dt.UTC)


def test_it_is_made_once_and_found_again(tmp_path: Path) -> None:
    made = CaFolder(tmp_path / "ca").ready(["crm.internal"], NOW)
    found = CaFolder(tmp_path / "ca").for_host("crm.internal", NOW)
    assert found.certificate == made.certificate
    assert hosts_of(found.certificate) == {"crm.internal"}


def test_only_its_owner_may_read_the_key(tmp_path: Path) -> None:
    CaFolder(tmp_path).ready(["crm.internal"], NOW)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cert.pem", "key.pem"]
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(Misconfigured, match=r"key.pem: is open to others; run: chmod 600"):
        CaFolder(tmp_path).ready(["crm.internal"], NOW)


def test_a_host_that_rules_name_later_is_taken_in_and_the_others_stay(tmp_path: Path) -> None:
    first = CaFolder(tmp_path)
    before = first.ready(["crm.internal"], NOW)
    after = first.for_host("new.internal", NOW)
    assert hosts_of(after.certificate) == {"crm.internal", "new.internal"}
    assert after.certificate.public_key() == before.certificate.public_key()
    assert CaFolder(tmp_path).ready(["crm.internal"], NOW).certificate == after.certificate


def test_it_is_made_again_in_time_for_the_hosts_of_that_time(tmp_path: Path) -> None:
    CaFolder(tmp_path).ready(["gone.internal"], NOW)
    folder = CaFolder(tmp_path)
    both = folder.ready(["crm.internal"], NOW)
    assert hosts_of(both.certificate) == {"crm.internal", "gone.internal"}
    assert (
        folder.for_host("crm.internal", NOW + CA_LIFETIME - RENEWAL - dt.timedelta(hours=1)) is both
    )
    later = NOW + CA_LIFETIME - RENEWAL + dt.timedelta(hours=1)
    renewed = folder.for_host("crm.internal", later)
    assert renewed.certificate.not_valid_after_utc > both.certificate.not_valid_after_utc
    assert hosts_of(renewed.certificate) == {"crm.internal", "gone.internal"}
    anew = folder.ready(["crm.internal"], later + CA_LIFETIME)
    assert hosts_of(anew.certificate) == {"crm.internal"}


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda n: CaFolder(tmp_path / "ca").ready([f"{n}.internal"], NOW), range(8))
        )
    keys = [ca.certificate.public_key() for ca in made]
    assert all(key == keys[0] for key in keys)


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="file: the CA cannot be kept there"):
        CaFolder(tmp_path / "file").ready([], NOW)
