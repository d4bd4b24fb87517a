# SPDX-License-Identifier: Apache-2.0
"""CMKs of `kms.yaml` are there after the first start, and are what they were after every other."""

import json
from collections.abc import Callable

import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms import key_seeding
from sidecar.kms.audit import tail
from sidecar.kms.audit.record import CONFIGURATION
from sidecar.kms.key_seeds import KeySeed
from sidecar.kms.limits import Quotas
from sidecar.kms.store import DELETED, Cmk, Database, Label, Shelf
from tests.fixtures.kms import RunningKms

ID = "11111111-2222-4333-8444-555555555555"
SEED = KeySeed(ID, "1", "r", "Aliyun_AES_256", "ENCRYPT/DECRYPT", ("alias/crm",))
LIKE_SEED = (SEED.key_spec, SEED.key_usage)
RSA = KeySeed("rsa", "1", "r", "RSA_2048", "SIGN/VERIFY")


class Core:
    def __init__(self, hsm: HsmThread, database: Database) -> None:
        self.hsm = hsm
        self.database = database

    def plant(self, *seeds: KeySeed, quotas: Quotas | None = None) -> None:
        limits = dict.fromkeys("12", quotas or Quotas())
        key_seeding.plant(self.hsm, self.database, seeds, limits, lambda: 5)

    def cmks(self) -> list[Cmk]:
        with self.database.snapshot() as connection:
            return Shelf(connection, "1", "r").list_keys(0, 10)

    def held(self) -> list[str]:
        return [key_id.decode() for key_id in self.hsm.run(Token.list_key_ids)]

    def records(self) -> list[str]:
        with self.database.snapshot() as connection:
            return [json.loads(link.record)["eventName"] for link in tail(connection, 9)]


@pytest.fixture
def core(hsm: HsmThread, database: Database) -> Core:
    return Core(hsm, database)


def test_the_second_start_changes_nothing(core: Core) -> None:
    core.plant(SEED, RSA)
    made = core.cmks()
    assert [(one.key_id, one.state) for one in made] == [(ID, "Enabled"), ("rsa", "Enabled")]
    assert sorted(one.primary_version for one in made) == core.held()
    core.plant(SEED, RSA)
    assert core.cmks() == made
    assert sorted(one.primary_version for one in made) == core.held()
    assert core.records() == ["CreateKey", "CreateAlias", "CreateKey"]
    assert core.hsm.run(Token.list_pending) == []
    with core.database.snapshot() as connection:
        told = [json.loads(link.record)["userIdentity"] for link in tail(connection, 9)]
    assert told == [CONFIGURATION] * 3


def test_a_new_alias_comes_and_what_went_from_the_file_stays(core: Core) -> None:
    core.plant(SEED)
    core.plant(KeySeed(ID, "1", "r", SEED.key_spec, SEED.key_usage, ("alias/other",)))
    core.plant()
    with core.database.snapshot() as connection:
        labels = Shelf(connection, "1", "r").list_aliases(0, 10)
    assert labels == [Label("alias/crm", ID), Label("alias/other", ID)]
    assert core.records() == ["CreateKey", "CreateAlias", "CreateAlias"]


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        (KeySeed(ID, "2", "r", *LIKE_SEED), "is of account 1 in r in the database"),
        (KeySeed(ID, "1", "q", *LIKE_SEED), "is of account 1 in r in the database"),
        (KeySeed(ID, "1", "r", "Aliyun_AES_128", SEED.key_usage), "of spec Aliyun_AES_256"),
        (KeySeed(ID, "1", "r", "RSA_2048", "SIGN/VERIFY"), "is for ENCRYPT/DECRYPT"),
        (KeySeed("b", "1", "r", *LIKE_SEED, ("alias/crm",)), f"alias/crm, which is {ID}"),
    ],
)
def test_a_seed_that_contradicts_the_database_is_an_error(
    core: Core, seed: KeySeed, complaint: str
) -> None:
    core.plant(SEED)
    before = (core.cmks(), core.held())
    with pytest.raises(Misconfigured, match=complaint):
        core.plant(seed)
    assert (core.cmks(), core.held()) == before


def test_an_id_that_was_deleted_does_not_come_back(core: Core) -> None:
    core.plant(SEED)
    with core.database.transaction() as connection:
        Shelf(connection, "1", "r").change(core.cmks()[0], state=DELETED)
    with pytest.raises(Misconfigured, match=f"{ID} was deleted"):
        core.plant(SEED)


@pytest.mark.parametrize("quotas", [Quotas(keys=1), Quotas(versions=1), Quotas(aliases=1)])
def test_no_quota_is_passed(core: Core, quotas: Quotas) -> None:
    core.plant(SEED, quotas=quotas)
    with pytest.raises(Misconfigured, match="quotas"):
        core.plant(KeySeed("b", "1", "r", *LIKE_SEED, ("alias/b",)), quotas=quotas)
    assert [one.key_id for one in core.cmks()] == [ID]


def test_a_core_serves_the_cmk_that_its_file_names(make_kms: Callable[..., RunningKms]) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    text = configuration.read_text()
    configuration.write_text(text + f"keys: [{{id: {ID}, aliases: [alias/crm]}}]\n")
    kms.start()
    sealed = kms.call("GenerateDataKey", KeyId="alias/crm")
    assert sealed["KeyId"] == ID
    kms.stop()
    kms.start()
    opened = kms.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == sealed["Plaintext"]
    kms.stop()
    configuration.write_text(text + f"keys: [{{id: {ID}, spec: Aliyun_AES_128}}]\n")
    with pytest.raises(RuntimeError, match="in the database"):
        kms.start()
