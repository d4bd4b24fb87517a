# SPDX-License-Identifier: Apache-2.0
"""Every step of the proof passes where all is well, and says what to do where it is not."""

from collections.abc import AsyncIterator

import pytest

from sidecar import proof
from sidecar.errors import KeyUnavailable, Misconfigured
from sidecar.keys import CmkRef, KeyContext, Keyring
from sidecar.keys.providers.memory import Failure, MemoryProvider
from sidecar.rules import Mode, Rule, RuleSet
from tests.rules.samples import field, rule

CMK = CmkRef("alias/customers")


@pytest.fixture
def provider() -> MemoryProvider:
    return MemoryProvider("alias/customers", "alias/orders")


@pytest.fixture
async def keyring(provider: MemoryProvider) -> AsyncIterator[Keyring]:
    keyring = Keyring(provider)
    yield keyring
    await keyring.aclose()


async def _searchable(provider: MemoryProvider, store: str = "crm") -> Rule:
    """A rule of the store `crm` with a lookup key that was made for `store`."""
    made = await provider.generate_data_key(CMK.seal, KeyContext(store, ""))
    return rule(fields=(field("ssn", Mode.EQUALITY),), lookup_keys=(made.edk,), where="r.yaml:3:5")


async def _take(rule_set: RuleSet, keyring: Keyring) -> dict[str, str]:
    return {step.name: await step.prove() for step in proof.steps(rule_set, keyring)}


async def test_every_suite_cmk_and_lookup_key_is_proved(
    provider: MemoryProvider, keyring: Keyring
) -> None:
    orders = rule("/orders/{id}", name="orders", cmk=CmkRef("alias/orders"))
    again = rule("/more/{id}", name="more", cmk=CmkRef("alias/orders"))
    rules = RuleSet((await _searchable(provider), orders, again))
    found = await _take(rules, keyring)
    assert list(found) == [
        "suites",
        "CMK alias/customers",
        "CMK alias/orders",
        "lookup keys of customers",
    ]
    assert "sm4-gcm-sm3" in found["suites"]


async def test_a_lookup_key_is_resident_after_its_proof(
    provider: MemoryProvider, keyring: Keyring
) -> None:
    """So that the KMS may go away right after the start."""
    searchable = await _searchable(provider)
    await _take(RuleSet((searchable,)), keyring)
    provider.failure = Failure.AWAY
    assert await keyring.for_lookup(CMK, KeyContext("crm", ""), searchable.lookup_keys)


async def test_a_lookup_key_of_another_store_is_told(
    provider: MemoryProvider, keyring: Keyring
) -> None:
    rules = RuleSet((await _searchable(provider, "another"),))
    with pytest.raises(Misconfigured, match=r"r\.yaml:3:5: lookup key 1 of rule 'customers' does"):
        await _take(rules, keyring)


async def test_an_unknown_cmk_is_told(keyring: Keyring) -> None:
    rules = RuleSet((rule(cmk=CmkRef("alias/nobody")),))
    with pytest.raises(Misconfigured, match="alias/nobody"):
        await _take(rules, keyring)


async def test_a_kms_that_is_away_is_another_error(
    provider: MemoryProvider, keyring: Keyring
) -> None:
    """Waiting may help, which nobody needs to mend."""
    provider.failure = Failure.AWAY
    with pytest.raises(KeyUnavailable):
        await _take(RuleSet((rule(),)), keyring)
