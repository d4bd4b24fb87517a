# SPDX-License-Identifier: Apache-2.0
"""E-mail addresses (RFC 5321 §4.1.2, less quoted local parts and address literals)."""

import re

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_LONGEST = 254
_ADDRESS = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}"
)


def look(value: str) -> Look:
    if "@" not in value or len(value) > _LONGEST:
        return Look.UNLIKE
    return Look.CERTAIN if _ADDRESS.fullmatch(value) else Look.UNLIKE


DETECTOR = Detector(
    kind="email",
    title="an e-mail address",
    look=look,
    names=Names(
        sure=words("e ?mails?|(?:e ?)?mail addr(?:ess)?(?:es)?|邮箱|邮件|メール"),
        hint=words("mail|contact|login|user ?name|recipient|sender|to|from|cc|bcc|reply to|upn"),
        not_it=words("message id|mail id|in reply to|references"),
    ),
    certain=Chance(0.001, 0.001),
    alike=Chance(0.001, 0.001),
    normalize=("trim", "lower"),
)
