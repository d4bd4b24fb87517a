# SPDX-License-Identifier: Apache-2.0
"""Marks in the token of keys that are being made or destroyed, so that a crash leaves no riddle.

A key comes and goes in two places, the token and whatever names its keys, and no transaction spans
both. A mark (a small data object of the key's id) is set before the key is made, or instead of
destroying it, and taken away when the other place has settled whether the key is named there. So
whoever finds a mark after a crash knows which key to ask about; a key without a mark that nobody
names was lost by another way, and is not touched.
"""

from typing import cast

import pkcs11
from pkcs11 import Attribute, ObjectClass

LABEL = "envelope-sidecar pending"


def mark(session: pkcs11.Session, key_id: bytes) -> None:
    """Set a mark; one that stands already is enough."""
    if key_id not in marked(session):
        session.create_object({**_MARKS, Attribute.PRIVATE: True, Attribute.VALUE: key_id})


def marked(session: pkcs11.Session) -> list[bytes]:
    """The ids of all keys with marks."""
    return [cast("bytes", found[Attribute.VALUE]) for found in list(session.get_objects(_MARKS))]


def clear(session: pkcs11.Session, key_id: bytes) -> None:
    """Take the mark away, where there is one."""
    for found in list(session.get_objects(_MARKS)):
        if found[Attribute.VALUE] == key_id:
            found.destroy()


_MARKS = {Attribute.CLASS: ObjectClass.DATA, Attribute.TOKEN: True, Attribute.LABEL: LABEL}
