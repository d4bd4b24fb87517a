# SPDX-License-Identifier: Apache-2.0
"""Passport numbers, and the first line of a passport's machine readable zone (ICAO 9303-4).

The numbers have no form of their own (six to nine letters and digits), so the name has to help.
"""

import re

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_NUMBER = re.compile(r"(?=(?:[A-Z]*[0-9]){5})[A-Z0-9]{6,9}")
_ZONE = re.compile(r"P[A-Z<](?:[A-Z]{3}|D<<)[A-Z]+(?:<[A-Z<]*)?<")
_ZONE_LENGTH = 44


def look(value: str) -> Look:
    if len(value) >= _ZONE_LENGTH and _ZONE.match(value[:_ZONE_LENGTH]) and "<<" in value:
        return Look.CERTAIN
    return Look.ALIKE if _NUMBER.fullmatch(value.upper()) else Look.UNLIKE


DETECTOR = Detector(
    kind="passport",
    title="a passport number",
    look=look,
    names=Names(
        sure=words(
            "passports?(?: (?:number|no|num|nr|id))?|reisepass(?:nummer)?|pasaporte|护照|"
            "passport ?no|mrz"
        ),
        hint=words("travel doc(?:ument)?(?: (?:number|no|id))?|document (?:number|no)|通行证"),
    ),
    certain=Chance(0.001, 0.002),
    alike=Chance(0.2, 0.1),
)
