# SPDX-License-Identifier: Apache-2.0
"""Keys, tokens and passwords.

Beyond doubt by the prefixes that their issuers give them, so that they can be found; alike when
they are long and random and yet no identifier or checksum; anything in a field called `password`.
"""

import re
from itertools import pairwise

from sidecar.learning.detectors.detector import Chance, Detector, Look, Names, words

_ISSUED = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # AWS
    r"|LTAI[0-9A-Za-z]{12,28}"  # Alibaba Cloud
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}"  # Google
    r"|gh[pousr]_[0-9A-Za-z]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}"  # GitHub, GitLab
    r"|xox[abeoprs]-[\w-]{10,}|(?:sk|rk|pk|whsec)_(?:live|test)_[0-9A-Za-z]{16,}|whsec_[\w+/=]{16,}"
    r"|sk-[\w-]{20,}|hf_[0-9A-Za-z]{30,}|npm_[0-9A-Za-z]{36}|pypi-[\w-]{40,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|dop_v1_[0-9a-f]{64}|hv[sb]\.[\w-]{20,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON Web Token (RFC 7519)
    r"|\$(?:2[abxy]|5|6|argon2(?:id?|d)|scrypt|pbkdf2[\w-]*)\$[^\s]{16,}"  # hashes of passwords
    r"|(?:Bearer|Basic) [\w.~+/-]{8,}=*"
)
_KEY_BLOCK = re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
_IDENTIFIER = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+|0[1-7][0-9A-HJKMNP-TV-Z]{24}"
    r"|(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})",
    re.IGNORECASE,
)
"""UUIDs, numbers, ULIDs and digests: random, and meant to be seen."""
_TOKEN = re.compile(r"[\w~+/.=-]{20,4096}", re.ASCII)
_SHORTEST, _LONGEST = 3, 8192
_MOST_WORDLIKE = 0.35


def look(value: str) -> Look:
    if not _SHORTEST <= len(value) <= _LONGEST:
        return Look.UNLIKE
    if _ISSUED.fullmatch(value) or _KEY_BLOCK.match(value):
        return Look.CERTAIN
    if _TOKEN.fullmatch(value) and not _IDENTIFIER.fullmatch(value) and _is_random(value):
        return Look.ALIKE
    return Look.POSSIBLE


def _is_random(text: str) -> bool:
    """Whether letters of both cases and digits change places as often as in a random text."""
    kinds = [_kind(char) for char in text]
    if not {"lower", "upper", "digit"} <= set(kinds):
        return False
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes / (len(text) - 1) > _MOST_WORDLIKE


def _kind(char: str) -> str:
    if char.isdigit():
        return "digit"
    if char.isalpha():
        return "upper" if char.isupper() else "lower"
    return "other"


DETECTOR = Detector(
    kind="secret",
    title="a key, token or password",
    look=look,
    names=Names(
        sure=words(
            "pass ?(?:word|wd|wort|phrase|code)|kennwort|mot de passe|contraseña|pwd|secrets?|"
            "(?:api|access|secret|private|signing|encryption|auth|master|webhook) ?keys?|(?:access|"
            "refresh|auth|session|api|bearer|id|reset|push|csrf|security|secret|device|login|oauth|"
            "webhook|verification) ?tokens?|credentials?|api ?key|cvv2?|cvc2?|otp|one time (?:code|"
            "password)|authorization|jwt|(?:client|shared|totp|webhook|signing) secret|"
            "connection string|密码|密钥|令牌|口令|验证码"
        ),
        hint=words("tokens?|keys?|pin|code|session|auth|sid|cookie|signature|value|config"),
        not_it=words(
            "(?:next|page|continuation|sync|scroll|cursor) ?(?:page )?token|public ?key|"
            "(?:access )?key id|(?:primary|foreign|sort|partition|cache|object|idempotency|row|s3|"
            "storage|routing|group|translation|i18n|message|natural|business|issue|project) ?key|"
            "(?:post(?:al)?|zip|country|currency|language|status|error|product|promo|coupon|"
            "discount|area|color|hs|source|qr|bar) ?code|token (?:type|count)s?|(?:max|prompt|"
            "completion|total) tokens|secret (?:name|arn|id)|(?:password|token|secret|"
            "key) (?:policy|strength|length|hint|age|type|name|expiry|ttl)|commit|sha ?(?:1|256|"
            "512)?|md ?5|checksum|etag|digest"
        ),
    ),
    certain=Chance(0.001, 0.002),
    alike=Chance(0.1, 0.1),
)
