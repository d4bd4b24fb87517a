# SPDX-License-Identifier: Apache-2.0
"""Telephone numbers of any country, by the numbering plans of the phonenumbers library.

In international form, or in brackets as `(212) 555-0123`, a valid one is beyond doubt. Digits alone
are valid somewhere too easily, so there the field's name has to help.
"""

import re

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    is_possible_number,
    is_valid_number,
    parse,
)

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_FORM = re.compile(r"(?:\+|\()?[0-9][0-9 ().\-/\u00a0]{5,22}[0-9)](?: ?(?:x|ext\.?) ?[0-9]{1,6})?")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}[-./][0-9]{2}[-./][0-9]{2}.*|[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{2,4}"
)
_DOTTED_QUAD = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_FEWEST_DIGITS, _MOST_DIGITS = 7, 21
REGIONS = ("US", "CN", "GB", "DE", "FR", "JP", "IN", "BR")
"""Whose national form is tried where the value does not say which country it is of."""


def look(value: str) -> Look:
    if not _FORM.fullmatch(value) or _DATE.fullmatch(value) or _DOTTED_QUAD.fullmatch(value):
        return Look.UNLIKE
    if not _FEWEST_DIGITS <= sum(map(str.isdigit, value)) <= _MOST_DIGITS:
        return Look.UNLIKE
    if value.startswith(("+", "00")):
        number = _parse("+" + value.removeprefix("00").removeprefix("+"), None)
        if number is None or not is_possible_number(number):
            return Look.UNLIKE
        return Look.CERTAIN if is_valid_number(number) else Look.ALIKE
    return _national(value)


def _national(value: str) -> Look:
    numbers = [number for region in REGIONS if (number := _parse(value, region)) is not None]
    if value.startswith("(") and any(map(is_valid_number, numbers)):
        return Look.CERTAIN
    return Look.ALIKE if any(map(is_possible_number, numbers)) else Look.UNLIKE


def _parse(value: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(value, region)
    except NumberParseException:
        return None


DETECTOR = Detector(
    kind="phone",
    title="a telephone number",
    look=look,
    names=Names(
        sure=words(
            "(?:tele)?phones?(?: (?:number|no|num|nr))?|mobiles?|mob(?:ile)?(?: (?:number|no))|cell"
            "(?: ?phone)?|msisdn|fax|tel|telefon|tel[eé]fono|whats ?app|电话|手机|传真|電話"
        ),
        hint=words("contact|callback|sms|caller|callee|to|from|dial|联系"),
        not_it=words(
            "phone ?book|order number|invoice number|serial number|ip|version|isbn|ean|gtin"
        ),
    ),
    certain=Chance(0.01, 0.005),
    alike=Chance(0.2, 0.1),
)
