# SPDX-License-Identifier: Apache-2.0
"""Labelled fields for `bench.learn`: sensitive ones by kind, and what looks alike and is not.

Values come from Faker, in the languages of several countries, and from the generators here. The
harmless are chosen to be hard: order numbers that pass Luhn's check by chance, IMEIs that always
do, UUIDs, digests, timestamps, SKUs, addresses of machines, names of things.
"""

import base64
import hashlib
import json
import random
import string
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

from faker import Faker

_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "zh_CN", "ja_JP")
_ROMAN = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT")


class Draw:
    """Everything that one service draws from: a generator, and Faker in each language."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.fakers = {locale: Faker(locale) for locale in _LOCALES}
        for faker in self.fakers.values():
            faker.seed_instance(self.random.random())
        self.locale = self.random.choice(_LOCALES)

    @property
    def home(self) -> Any:
        """Faker in the service's language."""
        return self.fakers[self.locale]

    @property
    def roman(self) -> Any:
        return self.fakers[self.locale if self.locale in _ROMAN else "en_US"]

    def of(self, locale: str) -> Any:
        return self.fakers[locale]

    def text(self, alphabet: str, length: int) -> str:
        return "".join(self.random.choices(alphabet, k=length))

    def digits(self, length: int, first: str = "123456789") -> str:
        return self.random.choice(first) + self.text(string.digits, length - 1)


class Field(NamedTuple):
    """Fields of one meaning: the kind (None: nothing sensitive), names for it, a value of it."""

    kind: str | None
    value: Callable[[Draw], object]
    names: tuple[str, ...]
    vague: tuple[str, ...] = ()


def _sentence(draw: Draw) -> str:
    return str(draw.home.sentence())


def _thing(draw: Draw) -> str:
    words = ["Steel", "Garden", "Classic", "Ergonomic", "Compact", "Travel", "Silver", "Winter"]
    things = ["Chair", "Lamp", "Bottle", "Jacket", "Keyboard", "Mug", "Backpack", "Camera"]
    return f"{draw.random.choice(words)} {draw.random.choice(things)}"


def _imei(draw: Draw) -> str:
    digits = "35" + draw.text(string.digits, 12)
    return next(digits + last for last in string.digits if _passes_luhn(digits + last))


def _passes_luhn(digits: str) -> bool:
    doubled = [int(d) * (2 if at % 2 else 1) for at, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _jwt(draw: Draw) -> str:
    parts = [{"alg": "RS256"}, {"sub": draw.digits(8), "exp": draw.random.randrange(2**31)}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join([part.rstrip("=") for part in encoded] + [draw.text(_URL_SAFE, 43)])


_URL_SAFE = string.ascii_letters + string.digits + "-_"
_ALNUM = string.ascii_letters + string.digits

SENSITIVE = (
    Field("email", lambda d: d.home.email(), ("email", "emailAddress", "contact_email", "邮箱",
          "e-mail", "work_email", "courriel", "correo"), ("login", "contact", "username", "c7",
          "attr4")),
    Field("phone", lambda d: d.roman.phone_number(), ("phone", "phoneNumber", "mobile", "tel",
          "contact_phone", "fax", "homePhone", "Telefonnummer", "numero_tel"), ("contact",
          "callback")),
    Field("phone", lambda d: f"+{d.random.choice(('4479', '4917', '336', '346'))}{d.digits(8)}",
          ("phone", "mobileNumber", "msisdn", "whatsapp"), ("contact", "x3", "reach_at")),
    Field("chinese_phone", lambda d: d.of("zh_CN").phone_number(), ("mobile", "phone", "手机号",
          "联系电话", "tel", "mobile_no"), ("account", "contactNo", "f3", "login")),
    Field("person_name", lambda d: d.home.name(), ("fullName", "customer_name", "姓名", "full_name",
          "contactName", "name", "cardHolder", "nom_complet",
          "Ansprechpartner"), ("displayName", "owner", "recipient")),
    Field("person_name", lambda d: d.home.last_name(), ("lastName", "surname", "family_name",
          "last_name"), ()),
    Field("payment_card", lambda d: d.home.credit_card_number(), ("cardNumber", "pan", "card_no",
          "creditCard", "卡号", "credit_card_number", "Kartennummer"), ("instrument", "number",
          "x1", "card")),
    Field("chinese_resident_id", lambda d: d.of("zh_CN").ssn(), ("idCard", "身份证号", "id_card_no",
          "identityNumber", "residentId"), ("certNo", "idNumber", "v9", "national_id")),
    Field("iban", lambda d: d.roman.iban(), ("iban", "accountIban", "IBAN"), ("account",
          "bankAccount", "creditor_account", "k2")),
    Field("passport", lambda d: d.of("en_US").passport_number(), ("passport",
          "passportNumber", "passport_no", "护照号", "Reisepassnummer", "ppno"),
          ("travelDocument", "documentNumber")),
    Field("secret", lambda d: "ghp_" + d.text(_ALNUM, 36), ("token", "githubToken", "access_token"),
          ("value", "p1")),
    Field("secret", lambda d: "sk_live_" + d.text(_ALNUM, 24), ("apiKey", "secret_key"), ("key",)),
    Field("secret", _jwt, ("jwt", "session_token", "accessToken", "idToken"), ("auth", "q8")),
    Field("secret", lambda d: d.text(_URL_SAFE, 40), ("refreshToken", "client_secret", "api_key"),
          ("token", "key")),
    Field("secret", lambda d: d.home.password(), ("password", "密码", "userPassword", "pwd",
          "passwort", "clave"), ()),
    Field("us_ssn", lambda d: d.of("en_US").ssn(), ("ssn", "socialSecurityNumber",
          "ssn_number", "social"),
          ("tax_id", "n5")),
)  # fmt: skip

HARMLESS = (
    Field(None, lambda d: str(uuid.UUID(int=d.random.getrandbits(128))), ("uuid", "correlationId",
          "idempotency_key", "request_id", "session_id", "account", "reference", "key")),
    Field(None, lambda d: d.digits(16, "45"), ("orderNumber", "order_no", "transactionId", "ref",
          "invoice_number", "number")),
    Field(None, lambda d: d.digits(19, "12"), ("snowflakeId", "tweet_id", "trace")),
    Field(None, _imei, ("imei", "device_imei")),
    Field(None, lambda d: d.digits(11, "2345678"), ("ticket", "account_no", "serialNumber")),
    Field(None, lambda d: d.digits(12), ("tracking", "upc", "meter_number")),
    Field(None, lambda d: d.home.ean13(), ("ean", "barcode", "gtin")),
    Field(None, lambda d: d.home.isbn13(), ("isbn", "isbn13")),
    Field(None, lambda d: d.random.randrange(1_600_000_000, 1_790_000_000), ("created", "ts",
          "updatedAt", "exp", "phone_verified_at")),
    Field(None, lambda d: d.random.randrange(1_600_000_000_000, 1_790_000_000_000), ("timestamp",
          "createdMs", "password_changed_at")),
    Field(None, lambda d: d.home.iso8601(), ("createdAt", "last_login", "tokenExpiry", "date")),
    Field(None, lambda d: d.home.date(), ("dueDate", "birthday_reminder_on", "passport_expiry")),
    Field(None, lambda d: hashlib.sha256(d.text(_ALNUM, 9).encode()).hexdigest(), ("sha256",
          "checksum", "content_hash", "etag", "digest")),
    Field(None, lambda d: hashlib.md5(d.text(_ALNUM, 9).encode()).hexdigest(), ("md5",
          "hash",
          "fingerprint")),
    Field(None, lambda d: d.text(_URL_SAFE, 44), ("next_page_token", "cursor", "etag",
          "continuationToken")),
    Field(None, _thing, ("productName", "title", "item_name", "label", "model", "category_name")),
    Field(None, lambda d: d.home.company(), ("company", "companyName", "vendor", "employer")),
    Field(None, lambda d: d.home.city(), ("city", "location", "region", "city_name")),
    Field(None, lambda d: d.home.street_name(), ("street", "street_name")),
    Field(None, lambda d: d.random.choice(("Germany", "France", "China")), ("country",
          "passport_country", "phoneCountry", "country_name")),
    Field(None, lambda d: d.home.postcode(), ("postcode", "zip", "postal_code")),
    Field(None, lambda d: f"{d.text('ABCDEF', 3)}-{d.digits(5)}", ("sku", "part_no", "batch")),
    Field(None, lambda d: f"{d.text('ABCDEFGH', 2)}{d.digits(6)}", ("flightRef", "lot", "voucher",
          "document_ref")),
    Field(None, lambda d: f"INV-2026-{d.digits(6)}", ("invoice", "invoiceNo", "case_number")),
    Field(None, lambda d: d.home.ipv4(), ("ip", "client_ip", "host", "remoteAddr")),
    Field(None, lambda d: d.home.ipv6(), ("ipv6", "address6")),
    Field(None, lambda d: d.home.mac_address(), ("mac", "hwaddr")),
    Field(None, lambda d: d.home.hostname(), ("hostname", "server", "email_domain")),
    Field(None, lambda d: d.home.url(), ("url", "website", "password_reset_url", "callback_url")),
    Field(None, lambda d: d.home.user_agent(), ("userAgent", "client")),
    Field(None, lambda d: round(d.random.uniform(1, 9000), 2), ("amount", "balance", "price",
          "total", "tax")),
    Field(None, lambda d: d.random.randrange(1000), ("quantity", "count", "card_count", "stock",
          "email_count")),
    Field(None, lambda d: d.random.random() < 0.5, ("active", "email_verified", "hasPassport")),
    Field(None, lambda d: d.random.choice(("mobile", "home", "work")), ("phone_type",
          "contactType", "email_kind")),
    Field(None, lambda d: d.random.choice(("Bearer", "MAC")), ("token_type",)),
    Field(None, lambda d: d.random.choice(("visa", "amex", "jcb")), ("card_brand", "cardType")),
    Field(None, lambda d: d.random.choice(("open", "paid", "void")), ("status", "state")),
    Field(None, lambda d: d.home.user_name(), ("handle", "slug", "nickname")),
    Field(None, _sentence, ("description", "comment", "subject", "summary", "email_subject")),
    Field(None, lambda d: f"{d.digits(1)}.{d.digits(2)}.{d.digits(1)}", ("version", "build")),
    Field(None, lambda d: d.digits(9), ("store_no", "claim_id", "branch_code", "employee_no")),
    Field(None, lambda d: d.home.color_name(), ("color", "theme")),
    Field(None, lambda d: d.home.job(), ("jobTitle", "position", "role_name")),
    Field(None, lambda d: f"{d.text(_ALNUM, 20)}@mx.example.net", ("message_id", "inReplyTo")),
    Field(None, lambda d: d.text("0123456789abcdef", 24), ("objectId", "_rev", "node_id")),
    Field(None, lambda d: f"************{d.digits(4)}", ("maskedCard", "card_last4", "pan_masked")),
)  # fmt: skip
