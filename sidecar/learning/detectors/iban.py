# SPDX-License-Identifier: Apache-2.0
"""International bank account numbers (ISO 13616): country, length, structure and check digits."""

import re

from stdnum import iban

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_FORM = re.compile(r"[A-Za-z]{2}[0-9]{2}[ -]?[A-Za-z0-9][A-Za-z0-9 -]{9,36}")


def look(value: str) -> Look:
    if not _FORM.fullmatch(value):
        return Look.UNLIKE
    # The check digits of the country's own account numbers are left to the bank.
    return Look.CERTAIN if iban.is_valid(value, check_country=False) else Look.UNLIKE


DETECTOR = Detector(
    kind="iban",
    title="a bank account number (IBAN)",
    look=look,
    names=Names(
        sure=words("iban"),
        hint=words(
            "(?:bank )?account(?: (?:number|no))?|bank|creditor|debtor|beneficiary|payee|konto"
        ),
    ),
    certain=Chance(0.001, 0.001),
    alike=Chance(0.001, 0.001),
)
