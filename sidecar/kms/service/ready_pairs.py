# SPDX-License-Identifier: Apache-2.0
"""How a call gets an RSA pair: it takes one that is ready, or waits until one is.

A call is done on the token's one thread, where nothing may take long. So a call that finds no pair
of its kind is undone and asked again when `kms/pair_maker.py` has had one made. Whatever has been
made and is needed by nobody any more stays for the next who asks.
"""

import logging

from sidecar.hsm import KeyMissing, Token
from sidecar.kms.postponed import Postponed
from sidecar.kms.service.rsa_pairs import MadePair, PairKind, name_in_token
from sidecar.kms.service.specs import Level
from sidecar.kms.store.pairs import Pairs

logger = logging.getLogger(__name__)


class PairWanted(Postponed):
    """No pair of this kind is ready."""

    def __init__(self, kind: PairKind) -> None:
        super().__init__()
        self.kind = kind


def take(token: Token, pairs: Pairs, kind: PairKind) -> tuple[str, MadePair]:
    """A pair and its id, which nobody else gets; raise PairWanted."""
    for pair_id, public, sealed in pairs.list_ready(kind):
        if kind.level == Level.SOFTWARE or _is_there(token, name_in_token(pair_id, kind.purpose)):
            pairs.drop(pair_id)
            return pair_id, MadePair(public, sealed)
        # What is encrypted to the public half of a pair that is gone, nobody ever opens.
        logger.warning("pair %s is not in the token: is that an old copy?", pair_id)
    raise PairWanted(kind)


def _is_there(token: Token, key_id: bytes) -> bool:
    try:
        token.using(key_id, lambda _: None)
    except KeyMissing:
        return False
    return True
