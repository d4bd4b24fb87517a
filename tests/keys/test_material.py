# SPDX-License-Identifier: Apache-2.0
import copy
import gc
import pickle
import re
from pathlib import Path

import pytest

import sidecar
from sidecar import envelope
from sidecar.errors import KeyUnavailable
from sidecar.keys import DataKey, LookupKey
from sidecar.keys.material import KeyMaterial
from sidecar.keys.providers import GeneratedDataKey, OpenedDataKey

SECRET = bytes(range(200, 232))


def data_key(material: bytearray) -> DataKey:
    return DataKey(OpenedDataKey(material, "cmk", "version"), b"edk", envelope.DEFAULT_SUITE, bytes)


def lookup_key(material: bytearray) -> LookupKey:
    return LookupKey(OpenedDataKey(material, "cmk", "version"), b"edk")


def salt() -> bytes:
    return bytes(envelope.SALT_LENGTH)


def number_of(kind: type) -> int:
    return sum(type(each) is kind for each in gc.get_objects())


BOTH = pytest.mark.parametrize("make", [data_key, lookup_key, KeyMaterial])


@BOTH
def test_it_is_wiped_when_its_last_holder_lets_go(make: type[KeyMaterial]) -> None:
    material = bytearray(SECRET)
    alive = KeyMaterial.alive
    key = make(material)
    holder = key
    del key
    assert material == SECRET
    assert KeyMaterial.alive == alive + 1
    del holder
    assert material == bytes(32)
    assert KeyMaterial.alive == alive


@BOTH
def test_a_destroyed_key_refuses_to_work(make: type[KeyMaterial]) -> None:
    """Sealing under the zeros that a wipe leaves would be sealing under no key."""
    material = bytearray(SECRET)
    alive = KeyMaterial.alive
    key = make(material)
    key.destroy()
    key.destroy()
    assert material == bytes(32)
    assert KeyMaterial.alive == alive
    with pytest.raises(KeyUnavailable):
        _ = key.material
    if isinstance(key, DataKey | LookupKey):
        with pytest.raises(KeyUnavailable):
            key.seal(b"place", b"value")


@pytest.mark.parametrize("suite", envelope.SEALING_SUITES.values(), ids=envelope.SEALING_SUITES)
def test_what_was_keyed_with_a_key_goes_with_it(suite: int) -> None:
    """A keyed HMAC is as good as the key: nothing may seal or open with what is left of it."""
    gc.collect()
    before = number_of(envelope.Keyed)
    key = DataKey(OpenedDataKey(bytearray(SECRET), "cmk", "version"), b"edk", suite, salt)
    sealed = envelope.parse_text(key.seal(b"place", b"value"))
    assert key.open(sealed, b"place") == b"value"
    assert number_of(envelope.Keyed) == before + 1
    key.destroy()
    assert number_of(envelope.Keyed) == before
    with pytest.raises(KeyUnavailable):
        key.seal(b"place", b"value")
    with pytest.raises(KeyUnavailable):
        key.open(sealed, b"place")
    assert number_of(envelope.Keyed) == before


@BOTH
def test_it_is_neither_printed_nor_copied_nor_pickled(make: type[KeyMaterial]) -> None:
    key = make(bytearray(SECRET))
    for text in (repr(key), str(key), f"{key}", f"{[key]}", f"{vars(type(key))}"):
        for spelling in (SECRET.hex(), repr(SECRET)[2:-1], str(list(SECRET))[1:-1]):
            assert spelling not in text
    for spread in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            spread(key)
    assert not hasattr(key, "__dict__")


def test_what_a_provider_hands_over_is_not_printed_either() -> None:
    for opened in (
        OpenedDataKey(bytearray(SECRET), "cmk", "version"),
        GeneratedDataKey(bytearray(SECRET), "cmk", "version", b"edk"),
    ):
        assert repr(bytearray(SECRET)) not in repr(opened)


def test_nothing_outside_this_package_reaches_for_key_bytes() -> None:
    root = Path(sidecar.__file__).parent
    towers = {"keys", "hsm", "kms"}  # the last two have another sort of material
    offenders = [
        path
        for path in root.rglob("*.py")
        if path.relative_to(root).parts[0] not in towers
        and re.search(r"^(?!from ).*\._?material\b", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert offenders == []
