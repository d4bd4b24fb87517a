# SPDX-License-Identifier: Apache-2.0
"""Tags are facts of a CMK, and are read only when somebody asks."""

from sqlalchemy import Connection, event

from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.store import Cmk, Database, Material, Shelf

CMK = Cmk(
    *("a", "1", "r", "1", "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
    *("Aliyun_KMS", "HSM", "Enabled", "v", 0),
)
TOLD = {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}


def tagged(connection: Connection) -> list[str]:
    """Tag the CMK; the statements that are executed from then on."""
    shelf = Shelf(connection, "1", "r")
    shelf.add_key(CMK, Material(is_in_token=True))
    shelf.tags.put("a", {"team": "crm"})
    statements: list[str] = []

    def note(*executed: object) -> None:
        statements.append(str(executed[2]))

    event.listen(connection, "before_cursor_execute", note)
    return statements


def test_tags_stand_beside_what_the_action_tells(database: Database) -> None:
    with database.transaction() as connection:
        tagged(connection)
        facts = KeyFacts(TOLD, connection, CMK)
        assert dict(facts) == {**TOLD, "kms:tag/team": "crm"}
        assert len(facts) == 2
        assert facts.get("kms:tag/other") is None
        assert facts.get("kms:Other") is None


def test_they_are_read_once_and_not_before_they_are_asked_for(database: Database) -> None:
    with database.transaction() as connection:
        statements = tagged(connection)
        facts = KeyFacts(TOLD, connection, CMK)
        assert facts["kms:EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
        assert statements == []
        assert facts["kms:tag/team"] == facts["kms:tag/team"] == "crm"
        assert len(statements) == 1


def test_a_call_about_no_cmk_has_no_tags(database: Database) -> None:
    with database.transaction() as connection:
        assert dict(KeyFacts({}, connection, None)) == {}
