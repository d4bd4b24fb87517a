# SPDX-License-Identifier: Apache-2.0
"""Payment card numbers: the ranges and lengths of the brands, and Luhn's check digit.

One number in ten passes Luhn by chance, so a field counts by how many of its values do. Masked
numbers (`************1111`) are no longer card numbers.
"""

import re

from stdnum import luhn

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_SPACED = re.compile(r"[0-9](?:[ -]?[0-9]){12,18}")
_BRANDS = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}"  # Visa
    r"|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}"  # American Express
    r"|(?:6011|65[0-9]{2}|64[4-9][0-9])[0-9]{12}"  # Discover
    r"|(?:352[89]|35[3-8][0-9])[0-9]{12}"  # JCB
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}"  # Diners Club
    r"|62[0-9]{14,17}"  # UnionPay
)
_OTHERS = re.compile(r"(?:5[06-9]|6)[0-9]{11,17}")
"""Maestro and national brands, whose ranges hold much else."""


def look(value: str) -> Look:
    if not _SPACED.fullmatch(value):
        return Look.UNLIKE
    digits = value.replace(" ", "").replace("-", "")
    if not luhn.is_valid(digits):
        return Look.UNLIKE
    if _BRANDS.fullmatch(digits):
        return Look.CERTAIN
    return Look.ALIKE if _OTHERS.fullmatch(digits) else Look.UNLIKE


DETECTOR = Detector(
    kind="payment_card",
    title="a payment card number",
    look=look,
    names=Names(
        sure=words(
            "(?:credit|debit|bank|payment)? ?cards?(?: (?:number|no|num|nr|pan))|pan|ccn?"
            "(?: (?:number|num|no))|credit ?card|debit ?card|bank ?card|card ?(?:number|no|num)|"
            "银行卡|信用卡|卡号"
        ),
        hint=words("card|number|payment|account(?: (?:number|no))?|pay|instrument"),
        not_it=words("gift card|loyalty card|card type|card brand|imei|order|serial"),
    ),
    certain=Chance(0.1, 0.008),
    alike=Chance(0.1, 0.05),
)
