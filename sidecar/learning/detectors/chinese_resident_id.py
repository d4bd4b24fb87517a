# SPDX-License-Identifier: Apache-2.0
"""Chinese resident identity numbers (GB 11643): 18 places, a date of birth and a check digit."""

import re

from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_FORM = re.compile(r"[1-8][0-9]{5}(?:18|19|20)[0-9]{9}[0-9Xx]")


def look(value: str) -> Look:
    if not _FORM.fullmatch(value):
        return Look.UNLIKE
    number = value.upper()
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return Look.UNLIKE
    # The place of birth is not looked up: a list of counties is never quite up to date.
    return Look.CERTAIN if ric.calc_check_digit(number) == number[-1] else Look.ALIKE


DETECTOR = Detector(
    kind="chinese_resident_id",
    title="a Chinese resident id",
    look=look,
    names=Names(
        sure=words(
            "resident (?:id|identity)|(?:national )?id ?card(?: (?:no|number|num))?|id ?no|sfz|"
            "shen ?fen ?zheng|identity(?: (?:no|number|card))?|身份证|证件号"
        ),
        hint=words("id|national id|ssn|number|certificate|cert no|证件"),
    ),
    certain=Chance(0.003, 0.001),
    alike=Chance(0.02, 0.02),
)
