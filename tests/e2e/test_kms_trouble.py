# SPDX-License-Identifier: Apache-2.0
"""A KMS that refuses, hangs, is cut off or answers garbage, and an HSM that is gone.

Whatever it is: tenants whose keys are cached go on, others are refused in time and in the store's
dialect, nothing plain reaches the store, and everything works again once the trouble is over.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.demo.installation import RULES, Installation
from tests.e2e.conftest import Application
from tests.fixtures.command import carry_out
from tests.fixtures.switchboard import Behaviour, Switchboard
from tests.stores.arcadedb import ArcadeDB


@pytest.fixture(scope="module")
def switchboard() -> Iterator[list[Switchboard]]:
    boards: list[Switchboard] = []
    yield boards
    for board in boards:
        board.close()


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, arcadedb: ArcadeDB, switchboard: list[Switchboard]
) -> Iterator[Installation]:
    place = Installation(tmp_path_factory.mktemp("trouble"))
    try:
        carry_out("kms", "init", "--dir", place.kms_dir)
        place.start_kms()
        place.make_cmk()
        place.store = arcadedb
        place.write_rules(RULES)
        kms = urlsplit(place.kms_endpoint)
        board = Switchboard((str(kms.hostname), kms.port or 80))
        switchboard.append(board)
        place.kms_endpoint = f"http://127.0.0.1:{board.port}"
        place.start_proxy()
        yield place
    finally:
        place.stop()


def _refused(installation: Installation, answer: httpx.Response, name: str) -> None:
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "key_unavailable"
    assert int(answer.headers["retry-after"]) >= 1
    assert f"PLAIN-{name}" not in answer.text
    assert installation.store.sql("SELECT FROM Customer WHERE id = :id", id=name) == []
    assert not installation.store.files_holding(f"PLAIN-{name}".encode())


@pytest.mark.parametrize("behaviour", ["hang", "cut", "garbage"])
def test_a_kms_in_trouble(
    installation: Installation,
    application: Application,
    switchboard: list[Switchboard],
    behaviour: Behaviour,
) -> None:
    board = switchboard[0]
    board.behaviour = "pass"
    assert application.write({"id": f"{behaviour} 1", "ssn": "x"}).status_code == 200
    board.behaviour = behaviour
    try:
        cached = application.write({"id": f"{behaviour} 2", "ssn": "cached"})
        answer = application.write(
            {"id": f"new {behaviour}", "ssn": f"PLAIN-new {behaviour}"}, tenant=f"new {behaviour}"
        )
        reading = application.read(f"{behaviour} 1")
    finally:
        board.behaviour = "pass"
    assert cached.status_code == 200
    assert reading.json()["result"][0]["ssn"] == "x"
    _refused(installation, answer, f"new {behaviour}")


def test_after_the_trouble_new_tenants_are_served(
    application: Application, switchboard: list[Switchboard]
) -> None:
    switchboard[0].behaviour = "pass"
    for attempt in range(20):
        answer = application.write({"id": f"after {attempt}", "ssn": "y"}, tenant="after")
        if answer.status_code == 200:
            break
    assert answer.status_code == 200


def test_a_kms_that_refuses(installation: Installation, application: Application) -> None:
    installation.call("DisableKey", f"KeyId={installation.cmk_id}")
    try:
        answer = application.write({"id": "off", "ssn": "PLAIN-off"}, tenant="disabled")
    finally:
        installation.call("EnableKey", f"KeyId={installation.cmk_id}")
    _refused(installation, answer, "off")


def test_an_hsm_that_is_gone(installation: Installation, application: Application) -> None:
    tokens = installation.kms_dir / "hsm" / "tokens"
    away = tokens.with_name("away")
    tokens.rename(away)
    try:
        answer = application.write({"id": "hsm", "ssn": "PLAIN-hsm"}, tenant="no hsm")
        cached = application.write({"id": "hsm cached", "ssn": "z"})
    finally:
        away.rename(tokens)
    _refused(installation, answer, "hsm")
    assert cached.status_code == 200
