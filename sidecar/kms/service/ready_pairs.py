# SPDX-License-Identifier: Apache-2.0
"""How a call gets an RSA pair: it takes one that is ready, or waits until one is.

A call is done on the token's one thread, where nothing may take long. So a call that finds no pair
of its kind is undone and asked again when `kms/pair_maker.py` has had one made. Whatever has been
made and is needed by nobody any more stays for the next who asks.
"""

import logging

from sidecar.hsm import KeyMissing, Token
from sidecar.kms.postponed import Postponed
from sidecar.kms.service.in_process import unseal_material
from sidecar.kms.service.rsa_pairs import MadePair, PairKind, name_in_token
from sidecar.kms.store.pairs import Pairs, ReadyPair

logger = logging.getLogger(__name__)


class PairWanted(Postponed):
    """No pair of this kind is ready."""

    def __init__(self, kind: PairKind) -> None:
        super().__init__()
        self.kind = kind


def take(token: Token, pairs: Pairs, kind: PairKind) -> tuple[str, MadePair]:
    """A pair and its id, which nobody else gets; raise PairWanted."""
    for pair in pairs.list_ready(kind):
        if _can_be_used(token, pair, kind):
            pairs.drop(pair.pair_id)
            return pair.pair_id, MadePair(pair.public, pair.sealed)
    raise PairWanted(kind)


def drop_lost(token: Token, pairs: Pairs, kind: PairKind) -> None:
    """Drop the pairs that `take` left where they are, for a call that has to wait is undone."""
    for pair in pairs.list_ready(kind):
        if not _can_be_used(token, pair, kind):
            logger.warning("pair %s is not in the token: is that an old copy?", pair.pair_id)
            pairs.drop(pair.pair_id)


def _can_be_used(token: Token, pair: ReadyPair, kind: PairKind) -> bool:
    """What is encrypted to the public half of a pair that is gone, nobody ever opens."""
    if pair.sealed is None:
        return token.holds(name_in_token(pair.pair_id, kind.purpose))
    try:
        unseal_material(token, pair.pair_id, pair.sealed)
    except KeyMissing:
        return False
    return True
