# SPDX-License-Identifier: Apache-2.0
"""The smallest words of the language: names, CMKs, headers, lookup keys. Each has one spelling."""

from __future__ import annotations

import base64
import binascii
import re

from sidecar.fieldpath import FieldPath
from sidecar.keys.names import CmkRef
from sidecar.rules import patterns
from sidecar.rules.faults import placed
from sidecar.rules.hosts import read_authority
from sidecar.rules.tables import Described, Shape, Table, list_of, read_mapping
from sidecar.strict_yaml import Entry

MAX_EDK = 1024
"""Bytes of an EDK in a rule file; a KMS makes them of about 150."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LOGICAL = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_ALIAS = re.compile(r"alias/[A-Za-z0-9_/-]{1,249}")
_KEY_ID = re.compile(r"key-[a-z0-9-]{1,60}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ARN = re.compile(r"acs:kms:[A-Za-z0-9-]+:[0-9]+:(key/[A-Za-z0-9-]+|alias/[A-Za-z0-9_/-]+)")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_FRAMING = frozenset(
    {"connection", "content-length", "content-type", "expect", "host", "te", "transfer-encoding"}
)


_KEY_ID_SCHEMA = {"anyOf": [patterns.text(form) for form in (_ALIAS, _KEY_ID, _ARN)]}


def _name(entry: Entry) -> str:
    """A name that labels log lines and metrics."""
    text = entry.text()
    if not _NAME.fullmatch(text):
        raise entry.error(
            f"{text!r} is not a name: up to 63 ASCII letters, digits, '.', '_' and '-', and a "
            "letter or digit first"
        )
    return text


def _logical_name(entry: Entry) -> str:
    """A name that only envelopes carry in their context."""
    text = entry.text()
    if not _LOGICAL.fullmatch(text):
        raise entry.error("a name is one line of up to 255 characters")
    return text


def _host(entry: Entry) -> str:
    """A `host:port`."""
    return placed(entry, lambda: read_authority(entry.text()))


def _path(entry: Entry) -> FieldPath:
    """A field path."""
    return placed(entry, lambda: FieldPath.parse(entry.name()))


def _cmk(entry: Entry) -> CmkRef:
    """The CMK that seals, or a mapping that names further CMKs whose old envelopes still open."""
    if not entry.is_mapping:
        return CmkRef(_key_id(entry))
    return CmkRef(**read_mapping(entry, CMK, required=("seal",)))


def _key_id(entry: Entry) -> str:
    text = entry.text()
    if not any(form.fullmatch(text) for form in (_ALIAS, _KEY_ID, _ARN)):
        hint = f"; did you mean 'alias/{text}'?" if _ALIAS.fullmatch(f"alias/{text}") else ""
        raise entry.error(f"{text!r} is no alias (alias/…), key id or ARN of a CMK{hint}")
    return text


def _header(entry: Entry) -> str:
    """The name of a request header, in lower case."""
    text = entry.text().lower()
    if not _HEADER.fullmatch(text):
        raise entry.error(f"{entry.text()!r} is not the name of a header")
    if text in _FRAMING:
        raise entry.error(f"{entry.text()!r} says how a message is sent, not for whom")
    return text


def _lookup_key(entry: Entry) -> bytes:
    """An EDK in base64 (RFC 4648 section 4), in its one spelling."""
    text = entry.text()
    try:
        edk = base64.b64decode(text, validate=True)
    except binascii.Error:
        edk = b""
    if not edk or base64.b64encode(edk).decode() != text:
        raise entry.error("not base64; make a lookup key with `sidecar rules lookup-key`")
    if len(edk) > MAX_EDK:
        raise entry.error(f"a lookup key has at most {MAX_EDK} bytes")
    return edk


CMK: Table = {
    "seal": Described(_key_id, _KEY_ID_SCHEMA),
    "open": list_of(Described(_key_id, _KEY_ID_SCHEMA)),
}

name = Described(_name, patterns.text(_NAME))
logical_name = Described(_logical_name, patterns.LINE)
host = Described(_host, patterns.HOST)
path = Described(_path, patterns.PATH)
cmk = Described(_cmk, {"anyOf": [_KEY_ID_SCHEMA, Shape(CMK, required=("seal",))]})
header = Described(_header, patterns.text_but(_HEADER, _FRAMING))
lookup_key = Described(_lookup_key, {**patterns.BASE64, "maxLength": 4 * -(-MAX_EDK // 3)})
