# SPDX-License-Identifier: Apache-2.0
"""A call takes a pair that is ready, which then is nobody else's, or is told to wait."""

import subprocess
import sys

import pytest

from sidecar.hsm import HsmThread, Pkcs11Uri, Token
from sidecar.kms.service.ready_pairs import PairWanted, drop_lost, take
from sidecar.kms.service.rsa_pairs import PairKind, Purpose, name_in_token
from sidecar.kms.service.specs import Level
from sidecar.kms.store import Database, Pairs
from tests.kms.ready import add_pair

KIND = PairKind("RSA_2048", Purpose.SIGN, Level.HSM)
SEALED = PairKind("RSA_2048", Purpose.SIGN, Level.SOFTWARE)


def test_a_pair_is_taken_once(hsm: HsmThread, database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        made = [add_pair(hsm, pairs, KIND), add_pair(hsm, pairs, SEALED)]
        taken = [
            hsm.run(lambda token, kind=kind: take(token, pairs, kind)) for kind in (KIND, SEALED)
        ]
        assert [pair_id for pair_id, _ in taken] == made
        assert [pair.sealed is None for _, pair in taken] == [True, False]
        for kind in (KIND, SEALED):
            with pytest.raises(PairWanted) as caught:
                hsm.run(lambda token, kind=kind: take(token, pairs, kind))
            assert caught.value.kind == kind


def test_no_pair_stands_in_for_one_of_another_kind(hsm: HsmThread, database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        add_pair(hsm, pairs, KIND)
        for other in (
            SEALED,
            KIND._replace(purpose=Purpose.DECRYPT),
            KIND._replace(purpose=Purpose.CERTIFICATE),
            KIND._replace(key_spec="RSA_3072"),
        ):
            with pytest.raises(PairWanted):
                hsm.run(lambda token, kind=other: take(token, pairs, kind))


def lose(token: Token, pair_id: str) -> None:
    token.destroy(name_in_token(pair_id, KIND.purpose))


def test_a_pair_that_the_token_lost_serves_nobody(hsm: HsmThread, database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        lost, kept = add_pair(hsm, pairs, KIND), add_pair(hsm, pairs, KIND)
        hsm.run(lambda token: lose(token, lost))
        assert hsm.run(lambda token: take(token, pairs, KIND))[0] == kept
        with pytest.raises(PairWanted):
            hsm.run(lambda token: take(token, pairs, KIND))


def test_one_that_was_in_use_before_and_that_another_process_destroyed_does_not_either(
    hsm: HsmThread, token_uri: Pkcs11Uri, database: Database
) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        lost = name_in_token(add_pair(hsm, pairs, KIND), KIND.purpose)
        assert hsm.run(lambda token: token.holds(lost))
        other = "import sys; from sidecar.hsm import *; "
        other += "Token(Pkcs11Uri.parse(sys.argv[1])).destroy(bytes.fromhex(sys.argv[2]))"
        subprocess.run([sys.executable, "-c", other, str(token_uri), lost.hex()], check=True)
        with pytest.raises(PairWanted):
            hsm.run(lambda token: take(token, pairs, KIND))


def test_a_pair_that_was_sealed_by_another_token_serves_nobody(
    hsm: HsmThread, database: Database
) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        pair_id = add_pair(hsm, pairs, SEALED)
        (pair,) = pairs.list_ready(SEALED)
        assert pair.sealed is not None
        pairs.finish(pair_id, pair.public, pair.sealed[:-1] + bytes([pair.sealed[-1] ^ 1]))
        with pytest.raises(PairWanted):
            hsm.run(lambda token: take(token, pairs, SEALED))


def test_what_is_lost_is_dropped_and_nothing_else(hsm: HsmThread, database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        lost, kept = add_pair(hsm, pairs, KIND), add_pair(hsm, pairs, KIND)
        hsm.run(lambda token: lose(token, lost))
        hsm.run(lambda token: drop_lost(token, pairs, KIND))
        assert [pair.pair_id for pair in pairs.list_ready(KIND)] == [kept]
