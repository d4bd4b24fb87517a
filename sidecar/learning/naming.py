# SPDX-License-Identifier: Apache-2.0
"""What the name of a field says about its values, together with the names around it.

A name is taken apart into lower-case words: `customerEmailAddr` and `customer_email_addr` are
"customer email addr". Some last words turn the meaning: `email_verified` is no address.
"""

import re
from enum import Enum
from functools import lru_cache

from sidecar.learning.detectors import DETECTORS, Detector, Look

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^\w]+|_+")
_ABOUT_IT = re.compile(
    r"\b(?:verified|verification|confirmed|valid|validated|type|kind|status|state|count|total|at|"
    r"date|time|timestamp|ts|enabled|disabled|allowed|sent|opt in|opt out|consent|template|subject|"
    r"domain|provider|country|countrycode|country code|area code|prefix|extension|ext|format|label|"
    r"length|len|size|version|hint|url|uri|path|preference|preferences|frequency|score|rank|index|"
    r"order|brand|expires?|expiry|expiration|exp|expires in|ttl|scope|issuer|masked|required|limit|"
    r"position|language|locale|color|icon|image|avatar|source|reason|visible|visibility|"
    r"类型|状态|时间|日期|国家)$"
    r"|^(?:is|has|can|should|was|num|count|number of|allow|enable|require|requires|max|min)\b"
)
_PEOPLE = re.compile(
    r"\b(?:people|persons?|users?|customers?|clients?|patients?|employees?|staff|members?|"
    r"contacts?|authors?|owners?|students?|teachers?|guests?|passengers?|drivers?|applicants?|"
    r"candidates?|subscribers?|recipients?|senders?|receivers?|payees?|payers?|beneficiar(?:y|ies)|"
    r"buyers?|sellers?|doctors?|leads?|attendees?|signers?|profiles?|accounts? ?holders?|"
    r"card ?holders?|cards?|citizens?|residents?|tenants?|travell?ers?|participants?|me|billing|"
    r"shipping|ship to|bill to|next of kin|emergency contact|consignee)\b"
    r"|客户|用户|员工|患者|学生|会员|联系人"
)
_THINGS = re.compile(
    r"\b(?:products?|items?|categor(?:y|ies)|catalogs?|catalogues?|compan(?:y|ies)|"
    r"organi[sz]ations?|vendors?|brands?|stores?|shops?|warehouses?|projects?|teams?|groups?|"
    r"roles?|permissions?|tags?|files?|documents?|devices?|hosts?|servers?|services?|events?|"
    r"cities|countries|regions?|currencies|courses?|plans?|features?|metrics?|campaigns?|channels?|"
    r"skus?|models?|departments?|attributes?|variants?|apps?|applications?|clusters?|nodes?|banks?|"
    r"merchants?|hotels?|flights?|locations?|places?|venues?|labels?|settings?|config)\b"
    r"|商品|产品|公司|部门"
)


class Hint(Enum):
    """How far a name goes; the value is the confidence that it gives by itself."""

    SURE = 0.9
    SOME = 0.3
    NONE = 0.02
    AGAINST = 0.0005


@lru_cache(maxsize=4096)
def words_of(name: str) -> str:
    """The words of `name` in lower case, with single spaces between them."""
    return " ".join(part for part in _BOUNDARY.split(name) if part).lower()


def hint_of(detector: Detector, name: str, around: str) -> Hint:
    """What `name` says about the kind of `detector`.

    `around` is the nearest of the names that the field lies in: of a member above it, or of the
    route.
    """
    said, names = words_of(name), detector.names
    if _ABOUT_IT.search(said) or (names.not_it and names.not_it.search(said)):
        return Hint.AGAINST
    if names.sure.search(said):
        return Hint.SURE
    if not (names.hint and names.hint.search(said)):
        return Hint.NONE
    if detector.of_people:
        surroundings = words_of(around)
        if _PEOPLE.search(surroundings):
            return Hint.SURE
        if _THINGS.search(surroundings):
            return Hint.AGAINST
    return Hint.SOME


_NAME = re.compile(r"[^\W\d][\w.$\[\] -]{0,63}")
_MOST_DIGITS = 3


def is_name(text: str) -> bool:
    """Whether `text` may be the name of a member, and not data that a map is keyed by.

    Names are told in proposals and data must not be, so ids, addresses and numbers are none.
    """
    if not _NAME.fullmatch(text) or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return False
    return not any(detector.look(text) is Look.CERTAIN for detector in DETECTORS.values())
