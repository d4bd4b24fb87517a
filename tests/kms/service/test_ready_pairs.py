# SPDX-License-Identifier: Apache-2.0
"""A call takes a pair that is ready, which then is nobody else's, or is told to wait."""

import pytest

from sidecar.hsm import HsmThread
from sidecar.kms.service.ready_pairs import PairWanted, take
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


def test_a_pair_that_the_token_lost_serves_nobody(hsm: HsmThread, database: Database) -> None:
    with database.transaction() as connection:
        pairs = Pairs(connection)
        lost, kept = add_pair(hsm, pairs, KIND), add_pair(hsm, pairs, KIND)
        hsm.run(lambda token: token.destroy(name_in_token(lost, KIND.purpose)))
        assert hsm.run(lambda token: take(token, pairs, KIND))[0] == kept
        with pytest.raises(PairWanted):
            hsm.run(lambda token: take(token, pairs, KIND))
