# SPDX-License-Identifier: Apache-2.0
"""How an EDK is put to the KMS: not at all where the answer is known, and law 2 over the answer.

The CMK that opened an EDK is known only afterwards, from the KMS itself: an EDK under a CMK that
the rule does not name is refused like one that did not open, and counted and logged besides.
"""

import logging
from collections.abc import Callable

from sidecar.errors import CannotOpen, KeyUnavailable
from sidecar.keys.cache import Refusals
from sidecar.keys.cmks import Cmks
from sidecar.keys.data_key import DataKey
from sidecar.keys.lookup_key import LookupKey
from sidecar.keys.means import Means
from sidecar.keys.names import Question
from sidecar.keys.providers import KeyDenied, OpenedDataKey

logger = logging.getLogger(__name__)


class Asking:
    """Asks the KMS what is inside an EDK, and remembers its refusals for a short while."""

    def __init__(self, means: Means, cmks: Cmks) -> None:
        self._provider = means.provider
        self._stats = means.stats
        self._cmks = cmks
        self._refusals = Refusals(means)

    def refuse_early(self, question: Question) -> None:
        """Raise when the KMS need not be asked: it has just refused, or no KMS made this EDK."""
        if not self._provider.is_plausible(question.edk):
            self._stats.implausible += 1
            raise CannotOpen
        if error := self._refusals.find(question):
            self._stats.negative_hits += 1
            raise error

    async def ask[K: DataKey | LookupKey](
        self, question: Question, take_over: Callable[[OpenedDataKey], K]
    ) -> K:
        """The key inside the EDK, as `take_over` makes it; CannotOpen, KeyUnavailable."""
        try:
            key = take_over(await self._provider.decrypt(question.edk, question.context))
            await self._require_named(question, key.key_id)
        except (CannotOpen, KeyUnavailable) as error:
            if isinstance(error, CannotOpen | KeyDenied):
                self._refusals.put(question, error)
            raise
        return key

    async def _require_named(self, question: Question, key_id: str) -> None:
        if await self._cmks.names(question.cmk, key_id):
            return
        self._stats.refused_by_cmk += 1
        logger.warning(
            "an EDK of store %s is under CMK %s, which its rule does not name (%s): refused",
            question.context.store,
            key_id,
            question.cmk.seal,
        )
        raise CannotOpen
