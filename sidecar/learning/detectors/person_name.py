# SPDX-License-Identifier: Apache-2.0
"""Names of people. No form tells them from other names, so the field and its surroundings must."""

import re

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_WORD = r"[^\W\d_]+(?:['\u2019.-]+[^\W\d_]+)*\.?"
_LATIN = re.compile(
    rf"(?=[^\W\d_a-z]|(?:al|bin|da|de|del|della|den|der|di|du|el|ibn|la|le|van|von)\b){_WORD}"
    rf"(?: {_WORD}){{0,4}}(?:, [^\W\d_][\w. '-]*)?"
)
_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,4}(?:[·•][\u4e00-\u9fff]{1,8})?")
_LONGEST = 60


def look(value: str) -> Look:
    if len(value) > _LONGEST:
        return Look.UNLIKE
    has_form = _CHINESE.fullmatch(value) or _LATIN.fullmatch(value)
    return Look.ALIKE if has_form else Look.UNLIKE


DETECTOR = Detector(
    kind="person_name",
    title="a person's name",
    look=look,
    names=Names(
        sure=words(
            "(?:full|first|last|middle|given|family|birth|maiden|sur|fore|nick) ?name|surname|"
            "fname|lname|(?:customer|patient|employee|user|contact|holder|card ?holder|"
            "account holder|owner|author|recipient|receiver|sender|member|student|guest|passenger|"
            "driver|manager|client|buyer|seller|payee|payer|beneficiary|person|doctor|applicant|"
            "signer|consignee) (?:full )?name|card ?holder|account holder|nachname|vorname|nombre|"
            "apellidos?|xing ?ming|姓名|名字|持卡人|收件人|联系人|真实姓名|氏名"
        ),
        hint=words("name|display name|holder|owner|author|contact|recipient|名称"),
        not_it=words(
            "(?:user|file|host|domain|product|company|business|brand|display|event|field|table|"
            "class|type|tag|city|country|region|state|street|bank|store|shop|project|group|team|"
            "role|plan|item|category|model|column|resource|service|app|package|org|organi[sz]ation|"
            "legal|school|department|course|branch|channel|currency|template|campaign|device|"
            "bucket|queue|sku|vendor|supplier|warehouse|zone) ?name"
        ),
    ),
    certain=Chance(0.5, 0.5),
    alike=Chance(0.55, 0.4),
    of_people=True,
)
