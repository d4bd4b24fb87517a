# SPDX-License-Identifier: Apache-2.0
"""The changes that there are, what each does, and which are dangerous."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """What a change does to values; all but PROTECTED and NOTED are dangerous."""

    UNPROTECTED = "unprotected"
    UNREADABLE = "unreadable"
    UNFINDABLE = "unfindable"
    SHOWN = "shown"
    PROTECTED = "protected"
    NOTED = "noted"


SAFE = frozenset({Effect.PROTECTED, Effect.NOTED})

_U, _R, _F, _S, _P, _N = (
    Effect.UNPROTECTED,
    Effect.UNREADABLE,
    Effect.UNFINDABLE,
    Effect.SHOWN,
    Effect.PROTECTED,
    Effect.NOTED,
)
CHANGES: dict[str, tuple[Effect, str]] = {
    "removed-rule": (_U, "no rule holds for its requests any more; they pass in clear"),
    "removed-route": (_U, "{} is held by no rule any more, and passes in clear"),
    "removed-field": (_U, "{} passes in clear; where the store has it sealed, it is refused"),
    "removed-place": (_U, "values of documents at {} go to the store in clear"),
    "removed-requirement": (_U, "the text at {} may be anything"),
    "changed-requirement": (_U, "the text at {} is held to another pattern, perhaps a wider one"),
    "null-in-clear": (_U, "null stays readable at {}"),
    "stopped": (_U, "back to `monitor`: values go to the store in clear, sealed ones stay sealed"),
    "phase-back": (_U, "back to `migrate`: unsealed values from the store are taken again"),
    "renamed-store": (_R, "what was sealed for the store {!r} does not open for another"),
    "renamed-collection": (_R, "what was sealed for the collection {!r} does not open for another"),
    "renamed-field": (_R, "{} is bound to another logical field: what is stored does not open"),
    "changed-mode": (_R, "{} is sealed in another way: what is stored does not open"),
    "swallowed-field": (_R, "{} is part of a larger value now: what is stored is refused"),
    "changed-tenant": (_R, "values are bound to the tenant in another way ({})"),
    "changed-record": (_R, "values are bound to the record in another way ({})"),
    "closed-cmk": (_R, "what was sealed under {} does not open any more"),
    "dropped-lookup-key": (_R, "what was sealed under lookup key {} does not open any more"),
    "removed-answer-place": (_R, "sealed values of documents at {} are refused"),
    "changed-kind": (_R, "the store is read as another kind ({})"),
    "unmigrated": (_R, "{} is refused where the store has it in clear; begin with `migrate`"),
    "changed-spelling": (_F, "{} is normalised in another way, so that older values are not found"),
    "rotated-lookup-key": (_F, "a search finds no value that was sealed under the key before"),
    "unmasked": (_S, "{} is shown to everybody who may read it"),
    "changed-mask": (_S, "{} is masked in another way, which may show more of it"),
    "wider-clearance": (_S, "masked values are shown to callers by another condition: {}"),
    "added-rule": (_P, "it holds for requests that no rule held for"),
    "added-route": (_P, "{} is held now"),
    "added-field": (_P, "{} is sealed"),
    "added-place": (_P, "values of documents at {} are sealed or opened"),
    "added-requirement": (_P, "the text at {} is held to a pattern"),
    "null-sealed": (_P, "null is sealed at {}"),
    "masked": (_P, "{} is masked for callers who are not cleared"),
    "narrower-clearance": (_P, "masked values are not shown any more by the condition: {}"),
    "started": (_P, "from `monitor` to `migrate`: values are sealed from now on"),
    "enforced": (_P, "from `migrate` to `enforce`: values that are still unsealed are refused"),
    "renamed-rule": (_N, "it was {}; log lines and metrics have the new name"),
    "changed-cmk": (_N, "values are sealed under {}, and older ones still open"),
    "opened-cmk": (_N, "values under {} open too"),
    "changed-shape": (_N, "{} holds another kind of value; what is stored opens"),
    "changed-suite": (_N, "values are sealed with {}, and older ones still open"),
}  # fmt: skip
"""From the word of a change to its effect and its sentence; the braces take what it speaks of."""


class Change(NamedTuple):
    """One change of a rule at `where`: the word, what it does, the sentence, what it speaks of."""

    where: str
    rule: str
    word: str
    effect: Effect
    why: str
    subject: str = ""

    @classmethod
    def of(cls, where: str, rule: str, word: str, subject: object = "") -> Change:
        """The change named `word` of a rule."""
        effect, sentence = CHANGES[word]
        return cls(where, rule, word, effect, sentence.format(subject), str(subject))

    @property
    def names(self) -> list[str]:
        """What it can be called, from all of its kind to it alone."""
        parts = [self.word, self.rule, *([self.subject] if self.subject else [])]
        return [":".join(parts[:count]) for count in range(1, len(parts) + 1)]

    @property
    def is_dangerous(self) -> bool:
        return self.effect not in SAFE
