# SPDX-License-Identifier: Apache-2.0
"""Chinese mobile numbers: eleven digits of the numbering plan, with or without +86."""

import re

from phonenumbers import NumberParseException, is_valid_number, parse

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_FORM = re.compile(r"(?:(?:\+|00)?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}")


def look(value: str) -> Look:
    if not _FORM.fullmatch(value):
        return Look.UNLIKE
    try:
        number = parse(value, "CN")
    except NumberParseException:
        return Look.UNLIKE
    return Look.CERTAIN if is_valid_number(number) else Look.ALIKE


DETECTOR = Detector(
    kind="chinese_phone",
    title="a Chinese mobile number",
    look=look,
    names=Names(
        sure=words(
            "(?:tele)?phones?(?: (?:number|no))?|mobiles?(?: (?:number|no))?|cell|msisdn|tel|sms|"
            "shou ?ji|手机|电话|联系方式"
        ),
        hint=words("contact|callback|caller|callee|to|from|login|user ?name|account|联系|账号"),
    ),
    certain=Chance(0.005, 0.005),
    alike=Chance(0.05, 0.05),
)
