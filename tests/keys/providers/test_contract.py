# SPDX-License-Identifier: Apache-2.0
"""What every provider does, whatever stands behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest

from sidecar.envelope import MAX_EDK_LENGTH
from sidecar.errors import CannotOpen
from sidecar.keys import KeyContext, KeyDenied, Provider
from sidecar.keys.providers import DATA_KEY_LENGTH
from sidecar.keys.providers.kms import KmsProvider
from sidecar.keys.providers.memory import MemoryProvider
from tests.keys.providers.double import KEY, KmsDouble

ALIAS = "alias/contract"
ACME = KeyContext("crm", "acme")


@dataclass
class Subject:
    """A provider, and how the KMS behind it disables a CMK."""

    provider: Provider
    disable: Callable[[str], Awaitable[None]]


async def _memory() -> AsyncIterator[Subject]:
    provider = MemoryProvider(ALIAS)
    yield Subject(provider, _switch(provider))


async def _double() -> AsyncIterator[Subject]:
    async with KmsDouble(ALIAS) as kms, KmsProvider(kms.endpoint, "cn-hangzhou", KEY) as provider:
        yield Subject(provider, _switch(kms.brain))


def _switch(memory: MemoryProvider) -> Callable[[str], Awaitable[None]]:
    async def disable(key_id: str) -> None:
        memory.set_state(key_id, "Disabled")

    return disable


@pytest.fixture(params=[_memory, _double], ids=["memory", "kms over a double"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async for subject in request.param():
        yield subject


async def test_a_data_key_comes_back_out_of_its_edk(subject: Subject) -> None:
    made = await subject.provider.generate_data_key(ALIAS, ACME)
    opened = await subject.provider.decrypt(made.edk, ACME)
    assert opened.plaintext == made.plaintext
    assert len(made.plaintext) == DATA_KEY_LENGTH
    assert (opened.key_id, opened.key_version_id) == (made.key_id, made.key_version_id)
    assert bytes(made.plaintext) not in made.edk


async def test_no_two_data_keys_are_alike(subject: Subject) -> None:
    made = [await subject.provider.generate_data_key(ALIAS, ACME) for _ in range(3)]
    assert len({bytes(each.plaintext) for each in made}) == 3
    assert len({each.edk for each in made}) == 3


@pytest.mark.parametrize(
    "context",
    [
        KeyContext("", ""),
        KeyContext("crm", ""),
        KeyContext("库存", '租户 &=%"\\\n'),
        KeyContext("", "x"),
    ],
    ids=str,
)
async def test_any_context_binds(subject: Subject, context: KeyContext) -> None:
    made = await subject.provider.generate_data_key(ALIAS, context)
    assert (await subject.provider.decrypt(made.edk, context)).plaintext == made.plaintext
    with pytest.raises(CannotOpen):
        await subject.provider.decrypt(made.edk, ACME)


async def test_contexts_that_run_together_are_not_the_same(subject: Subject) -> None:
    """The attack: a tenant whose name ends another tenant's context."""
    made = await subject.provider.generate_data_key(ALIAS, KeyContext("crm&tenant=a", "b"))
    for context in (KeyContext("crm", "a&tenant=b"), KeyContext("crm&tenant=a&tenant=b", "")):
        with pytest.raises(CannotOpen):
            await subject.provider.decrypt(made.edk, context)


async def test_what_was_altered_or_never_made_does_not_open(subject: Subject) -> None:
    edk = (await subject.provider.generate_data_key(ALIAS, ACME)).edk
    for position in (0, 35, 36, 60, len(edk) - 1):
        altered = bytearray(edk)
        altered[position] ^= 1
        with pytest.raises(CannotOpen):
            await subject.provider.decrypt(bytes(altered), ACME)
    with pytest.raises(CannotOpen):
        await subject.provider.decrypt(b"00000000-0000-4000-8000-000000000000" + bytes(72), ACME)


async def test_a_cmk_is_described_by_alias_and_by_id(subject: Subject) -> None:
    by_alias = await subject.provider.describe_key(ALIAS)
    assert by_alias.state == "Enabled"
    assert await subject.provider.describe_key(by_alias.key_id) == by_alias
    made = await subject.provider.generate_data_key(by_alias.key_id, ACME)
    assert made.key_id == by_alias.key_id


async def test_a_disabled_cmk_is_a_denial(subject: Subject) -> None:
    made = await subject.provider.generate_data_key(ALIAS, ACME)
    await subject.disable(made.key_id)
    assert (await subject.provider.describe_key(ALIAS)).state == "Disabled"
    with pytest.raises(KeyDenied, match=r"Rejected\.Disabled"):
        await subject.provider.generate_data_key(ALIAS, ACME)
    with pytest.raises(KeyDenied, match=r"Rejected\.Disabled"):
        await subject.provider.decrypt(made.edk, ACME)


async def test_an_unknown_cmk_is_a_denial(subject: Subject) -> None:
    for name in ("alias/nobody", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(KeyDenied, match="Forbidden"):
            await subject.provider.describe_key(name)
        with pytest.raises(KeyDenied, match="Forbidden"):
            await subject.provider.generate_data_key(name, ACME)


async def test_its_own_edks_are_plausible_and_junk_is_not(subject: Subject) -> None:
    edk = (await subject.provider.generate_data_key(ALIAS, ACME)).edk
    assert subject.provider.is_plausible(edk)
    for junk in (b"", edk[:40], bytes(len(edk)), b"\xff" + edk[1:], edk + bytes(MAX_EDK_LENGTH)):
        assert not subject.provider.is_plausible(junk)
