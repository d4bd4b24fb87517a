# SPDX-License-Identifier: Apache-2.0
import gc
from itertools import count

import pytest

from sidecar import envelope
from sidecar.errors import CannotOpen
from sidecar.keys import DataKey, KeyContext, KeyDenied, KeyLimits
from sidecar.keys.cache import OpenedKeys, Refusals
from sidecar.keys.material import KeyMaterial
from sidecar.keys.means import Means
from sidecar.keys.names import Question
from sidecar.keys.providers import OpenedDataKey
from sidecar.keys.providers.memory import MemoryProvider
from tests.keys.rig import ACME, CMK, Clock, no_jitter

numbers = count()


def means(clock: Clock | None = None, **limits: int) -> Means:
    return Means(MemoryProvider(), KeyLimits(**limits), clock or Clock(), no_jitter)


def new_key(edk: bytes | None = None) -> DataKey:
    opened = OpenedDataKey(bytearray(32), "cmk", "version")
    return DataKey(opened, edk or b"%d" % next(numbers), 1, lambda: bytes(envelope.SALT_LENGTH))


def tenant(number: int) -> KeyContext:
    return KeyContext("crm", f"t{number}")


def test_the_same_edk_takes_one_place() -> None:
    cache = OpenedKeys(means())
    for _ in range(3):
        cache.put(ACME, new_key(b"edk"))
    assert len(cache) == 1


def test_a_partition_drops_what_was_not_used_for_longest() -> None:
    shared = means(opened_per_tenant=2)
    cache = OpenedKeys(shared)
    first, second, third = new_key(), new_key(), new_key()
    cache.put(ACME, first)
    cache.put(ACME, second)
    partition = cache.find(ACME)
    assert partition is not None
    assert partition.find(first.edk)
    cache.put(ACME, third)
    assert (first.edk in partition, second.edk in partition) == (True, False)
    assert (len(cache), shared.stats.evictions) == (2, 1)


@pytest.mark.parametrize("bound", ["tenants", "opened"])
def test_the_idlest_context_goes_first_and_its_keys_are_wiped(bound: str) -> None:
    shared = means(tenants=3) if bound == "tenants" else means(opened=3)
    cache = OpenedKeys(shared)
    gc.collect()
    alive = KeyMaterial.alive
    for number in range(3):
        cache.put(tenant(number), new_key())
    assert cache.find(tenant(0))
    cache.put(tenant(3), new_key())
    assert [cache.find(tenant(number)) is not None for number in range(4)] == [
        *(True, False),
        *(True, True),
    ]
    assert (len(cache), shared.stats.evictions) == (3, 1)
    assert KeyMaterial.alive == alive + 3
    cache.clear()
    assert (len(cache), KeyMaterial.alive) == (0, alive)


def test_a_lone_tenant_is_not_emptied_by_the_bound_of_all() -> None:
    cache = OpenedKeys(means(opened=2, opened_per_tenant=5))
    for _ in range(5):
        cache.put(ACME, new_key())
    assert len(cache) == 5


def test_refusals_are_bounded_and_raise_anew_each_time() -> None:
    clock = Clock()
    refusals = Refusals(means(clock, negatives=2, negative_age=10))
    questions = [Question(CMK, ACME, b"%d" % number) for number in range(3)]
    for question in questions:
        refusals.put(question, KeyDenied("why"))
    assert len(refusals) == 2
    first, second = refusals.find(questions[2]), refusals.find(questions[2])
    assert first is not second
    assert isinstance(first, KeyDenied)
    assert first.why == "why"
    clock.turn(10)
    assert refusals.find(questions[2]) is None


def test_a_refusal_keeps_neither_the_edk_nor_a_trace() -> None:
    refusals = Refusals(means())
    question = Question(CMK, ACME, b"an EDK of somebody")
    with pytest.raises(CannotOpen) as raised:
        DataKey.open(new_key(), envelope.parse_text(new_key().seal(b"", b"")), b"another place")
    refusals.put(question, raised.value)
    assert all(question.edk != kept.edk for kept in refusals._refused)
    assert all(error.__traceback__ is None for error in refusals._refused.values())
