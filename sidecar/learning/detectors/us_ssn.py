# SPDX-License-Identifier: Apache-2.0
"""United States social security numbers, less those that were never issued."""

import re

from stdnum.us import ssn

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_HYPHENATED = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")
_DIGITS = re.compile(r"[0-9]{9}")


def look(value: str) -> Look:
    if _HYPHENATED.fullmatch(value):
        # Numbers of books and films are on the library's list of those that everybody uses.
        return Look.CERTAIN if ssn.is_valid(value) else Look.ALIKE
    return Look.ALIKE if _DIGITS.fullmatch(value) and ssn.is_valid(value) else Look.UNLIKE


DETECTOR = Detector(
    kind="us_ssn",
    title="a social security number (US)",
    look=look,
    names=Names(
        sure=words("ssn|social security(?: (?:number|no))?|social ?sec(?:urity)?|itin"),
        hint=words("tax ?(?:payer )?(?:id|no|number)|tin|national id"),
    ),
    certain=Chance(0.01, 0.003),
    alike=Chance(0.1, 0.1),
)
