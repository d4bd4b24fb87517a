# SPDX-License-Identifier: Apache-2.0
"""RSA pairs made at once, as `kms/pair_maker.py` has them made beside the calls."""

import uuid

from sidecar.hsm import HsmThread, Token
from sidecar.kms.service.rsa_pairs import PairKind, make_rsa
from sidecar.kms.store import Pairs


def add_pair(hsm: HsmThread, pairs: Pairs, kind: PairKind) -> str:
    """One pair more is ready; its id."""
    pair_id = str(uuid.uuid4())

    def work(token: Token) -> None:
        pairs.begin(pair_id, kind, 0)
        made = make_rsa(token, pair_id, kind)
        pairs.finish(pair_id, made.public, made.sealed)

    hsm.run(work)
    return pair_id
