# SPDX-License-Identifier: Apache-2.0
"""Whom a certificate is for: a distinguished name in the form of RFC 2253, and domain names."""

import re
from collections import Counter

from cryptography import x509
from cryptography.x509.oid import NameOID

_NEEDED = (
    NameOID.COMMON_NAME,
    NameOID.COUNTRY_NAME,
    NameOID.ORGANIZATION_NAME,
    NameOID.ORGANIZATIONAL_UNIT_NAME,
)
_ALLOWED = (*_NEEDED, NameOID.STATE_OR_PROVINCE_NAME, NameOID.LOCALITY_NAME)
_ONCE = (NameOID.COMMON_NAME, NameOID.COUNTRY_NAME)

MAX_DOMAINS = 10
MAX_DOMAIN = 253
_DOMAIN = re.compile(
    r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE | re.ASCII,
)
# RFC 2253, section 4: white space between the parts counts for nothing.
_COMMA = re.compile(r"(\\.)|\s*,\s*", re.DOTALL)


def read_subject(text: str) -> x509.Name:
    """Read a distinguished name that has CN, C, O and OU; raise ValueError."""
    name = x509.Name.from_rfc4514_string(_COMMA.sub(lambda found: found[1] or ",", text))
    counts = Counter(part.oid for part in name)
    if not set(_NEEDED) <= set(counts) <= set(_ALLOWED):
        raise ValueError
    if any(counts[oid] > 1 for oid in _ONCE):
        raise ValueError
    return name


def read_domain(entry: object) -> str:
    """A domain name, which may begin with a wildcard label; raise ValueError."""
    if not isinstance(entry, str) or len(entry) > MAX_DOMAIN or not _DOMAIN.fullmatch(entry):
        raise ValueError
    return entry
