# SPDX-License-Identifier: Apache-2.0
"""What every provider does, whatever stands behind it."""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from sidecar.envelope import MAX_EDK_LENGTH
from sidecar.errors import CannotOpen
from sidecar.keys import KeyContext, KeyDenied, Provider
from sidecar.keys.providers import DATA_KEY_LENGTH
from sidecar.keys.providers.kms import KmsProvider
from sidecar.keys.providers.memory import MemoryProvider
from tests.fixtures.kms import RunningKms
from tests.keys.providers.double import KEY, KmsDouble

ACME = KeyContext("crm", "acme")


@dataclass
class Subject:
    """A provider, a CMK of its own by alias, and how the KMS behind it disables one."""

    provider: Provider
    alias: str
    disable: Callable[[str], object]


async def _memory(_: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    provider = MemoryProvider("alias/contract")
    yield Subject(provider, "alias/contract", lambda key: provider.set_state(key, "Disabled"))


async def _double(_: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async with (
        KmsDouble("alias/contract") as kms,
        KmsProvider(kms.endpoint, "cn-hangzhou", KEY) as provider,
    ):
        yield Subject(provider, "alias/contract", lambda key: kms.brain.set_state(key, "Disabled"))


async def _core(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    kms: RunningKms = request.getfixturevalue("kms")
    alias = f"alias/contract-{uuid.uuid4()}"
    kms.make_key(alias)
    async with KmsProvider(kms.endpoint, kms.region, kms.access_key) as provider:
        yield Subject(provider, alias, lambda key: kms.call("DisableKey", KeyId=key))


@pytest.fixture(params=[_memory, _double, _core], ids=["memory", "double", "core"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async for subject in request.param(request):
        yield subject


async def test_a_data_key_comes_back_out_of_its_edk(subject: Subject) -> None:
    made = await subject.provider.generate_data_key(subject.alias, ACME)
    opened = await subject.provider.decrypt(made.edk, ACME)
    assert opened.plaintext == made.plaintext
    assert len(made.plaintext) == DATA_KEY_LENGTH
    assert (opened.key_id, opened.key_version_id) == (made.key_id, made.key_version_id)
    assert bytes(made.plaintext) not in made.edk


async def test_no_two_data_keys_are_alike(subject: Subject) -> None:
    made = [await subject.provider.generate_data_key(subject.alias, ACME) for _ in range(3)]
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
    made = await subject.provider.generate_data_key(subject.alias, context)
    assert (await subject.provider.decrypt(made.edk, context)).plaintext == made.plaintext
    with pytest.raises(CannotOpen):
        await subject.provider.decrypt(made.edk, ACME)


async def test_contexts_that_run_together_are_not_the_same(subject: Subject) -> None:
    """The attack: a tenant whose name ends another tenant's context."""
    made = await subject.provider.generate_data_key(subject.alias, KeyContext("crm&tenant=a", "b"))
    for context in (KeyContext("crm", "a&tenant=b"), KeyContext("crm&tenant=a&tenant=b", "")):
        with pytest.raises(CannotOpen):
            await subject.provider.decrypt(made.edk, context)


async def test_what_was_altered_or_never_made_does_not_open(subject: Subject) -> None:
    edk = (await subject.provider.generate_data_key(subject.alias, ACME)).edk
    for position in (0, 35, 36, 60, len(edk) - 1):
        altered = bytearray(edk)
        altered[position] ^= 1
        with pytest.raises(CannotOpen):
            await subject.provider.decrypt(bytes(altered), ACME)
    with pytest.raises(CannotOpen):
        await subject.provider.decrypt(b"00000000-0000-4000-8000-000000000000" + bytes(72), ACME)


async def test_a_cmk_is_described_by_alias_and_by_id(subject: Subject) -> None:
    by_alias = await subject.provider.describe_key(subject.alias)
    assert by_alias.state == "Enabled"
    assert await subject.provider.describe_key(by_alias.key_id) == by_alias
    made = await subject.provider.generate_data_key(by_alias.key_id, ACME)
    assert made.key_id == by_alias.key_id


async def test_a_disabled_cmk_is_a_denial(subject: Subject) -> None:
    made = await subject.provider.generate_data_key(subject.alias, ACME)
    subject.disable(made.key_id)
    assert (await subject.provider.describe_key(subject.alias)).state == "Disabled"
    with pytest.raises(KeyDenied, match=r"Rejected\.Disabled"):
        await subject.provider.generate_data_key(subject.alias, ACME)
    with pytest.raises(KeyDenied, match=r"Rejected\.Disabled"):
        await subject.provider.decrypt(made.edk, ACME)


async def test_an_unknown_cmk_is_a_denial(subject: Subject) -> None:
    for name in ("alias/nobody", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(KeyDenied, match="Forbidden"):
            await subject.provider.describe_key(name)
        with pytest.raises(KeyDenied, match="Forbidden"):
            await subject.provider.generate_data_key(name, ACME)


async def test_its_own_edks_are_plausible_and_junk_is_not(subject: Subject) -> None:
    edk = (await subject.provider.generate_data_key(subject.alias, ACME)).edk
    assert subject.provider.is_plausible(edk)
    for junk in (b"", edk[:40], bytes(len(edk)), b"\xff" + edk[1:], edk + bytes(MAX_EDK_LENGTH)):
        assert not subject.provider.is_plausible(junk)
