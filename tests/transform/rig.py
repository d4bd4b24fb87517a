# SPDX-License-Identifier: Apache-2.0
"""A transform on a keyring in memory, and the messages of one customer."""

from dataclasses import dataclass
from typing import Any

import msgspec

from sidecar.keys import CmkRef, KeyContext, Keyring
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.message import Headers, Refusal, RequestHead, ResponseHead
from sidecar.rules import Field, Mode, Rule
from sidecar.transform import Hold, Opened, Sealed, Transform
from tests.rules import samples

CMK = CmkRef("alias/customers")
JSON = (b"Content-Type", b"application/json")
OK = ResponseHead(200, b"OK", (JSON,))
CANARY = "CANARY-078-05-1120"
FIELDS = (
    samples.field("ssn"),
    samples.field("email", Mode.EQUALITY, normalize=("trim", "lower")),
    samples.field("cards[*].number", Mode.DIGITS, keep_last=4),
    samples.field("notes", Mode.JSON),
)


def request(
    target: str = "/customers/c1", method: str = "PUT", tenant: str | None = "acme", *more: Any
) -> RequestHead:
    headers: Headers = (JSON, (b"Content-Length", b"1"), *more)
    if tenant is not None:
        headers = (*headers, (b"X-Tenant-Id", tenant.encode()))
    return RequestHead(method.encode(), target.encode(), samples.HOST, headers)


def decoded(body: bytes) -> Any:
    return msgspec.json.decode(body)


@dataclass
class Rig:
    """One process. Rules share its keyring, and the lookup key of the store `crm`."""

    provider: MemoryProvider
    keyring: Keyring
    lookup_keys: tuple[bytes, ...]

    @classmethod
    async def start(cls) -> "Rig":
        provider = MemoryProvider(CMK.seal)
        made = await provider.generate_data_key(CMK.seal, KeyContext("crm", ""))
        return cls(provider, Keyring(provider), (made.edk,))

    def rule(self, *fields: Field, **parts: Any) -> Rule:
        """Customers, bound to tenant and record, but for what `parts` changes."""
        chosen = fields or FIELDS
        needs = any(field.mode in {Mode.EQUALITY, Mode.DIGITS} for field in chosen)
        values: dict[str, Any] = {
            "fields": chosen,
            "tenant_header": "x-tenant-id",
            "record": "id",
            "lookup_keys": self.lookup_keys if needs else (),
        }
        routes = parts.pop("routes", ("/customers", "/customers/{id}"))
        return samples.rule(*routes, **values | parts)

    def transform(self, *rules: Rule, **options: Any) -> Transform:
        return Transform(samples.plan(*(rules or (self.rule(),))), self.keyring, **options)


def held(transform: Transform, head: RequestHead | None = None) -> Hold:
    claim = transform.claim(head or request())
    assert isinstance(claim, Hold), claim
    return claim


async def seal(transform: Transform, body: bytes, head: RequestHead | None = None) -> Sealed:
    sealed = await transform.seal_request(held(transform, head), body)
    assert isinstance(sealed, Sealed), sealed
    return sealed


async def open_(
    transform: Transform,
    body: bytes,
    head: RequestHead | None = None,
    answer: ResponseHead = OK,
) -> Opened:
    opened = await transform.open_response(held(transform, head), answer, body)
    assert isinstance(opened, Opened), opened
    return opened


async def refused_write(
    transform: Transform, body: bytes, head: RequestHead | None = None
) -> Refusal:
    claim = transform.claim(head or request())
    result = await transform.seal_request(claim, body) if isinstance(claim, Hold) else claim
    return _checked(result)


async def refused_read(
    transform: Transform,
    body: bytes,
    head: RequestHead | None = None,
    answer: ResponseHead = OK,
) -> Refusal:
    return _checked(await transform.open_response(held(transform, head), answer, body))


def _checked(result: object) -> Refusal:
    assert isinstance(result, Refusal), result
    assert decoded(result.body)["code"] == result.code
    assert b"CANARY" not in result.body
    return result
