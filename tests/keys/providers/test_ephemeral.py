# SPDX-License-Identifier: Apache-2.0
"""A KMS that ends with its process: real ciphers, every CMK, and nothing left at the end."""

import pytest

from sidecar.errors import CannotOpen
from sidecar.keys import KeyContext
from sidecar.keys.providers.ephemeral import EphemeralProvider

ACME = KeyContext("crm", "acme")


async def test_a_data_key_opens_in_its_own_context_alone() -> None:
    provider = EphemeralProvider()
    made = await provider.generate_data_key("alias/a", ACME)
    assert provider.is_plausible(made.edk)
    assert bytes(made.plaintext) not in made.edk

    opened = await provider.decrypt(made.edk, ACME)
    assert (opened.plaintext, opened.key_id) == (made.plaintext, made.key_id)
    with pytest.raises(CannotOpen):
        await provider.decrypt(made.edk, KeyContext("crm", "globex"))
    with pytest.raises(CannotOpen):
        await provider.decrypt(made.edk[:-1] + bytes([made.edk[-1] ^ 1]), ACME)


async def test_every_name_is_a_cmk_and_its_id_is_another_name_of_it() -> None:
    provider = EphemeralProvider()
    one, two = [await provider.describe_key(name) for name in ("alias/a", "alias/b")]
    assert one.key_id != two.key_id
    assert (await provider.describe_key(one.key_id)) == one
    made = await provider.generate_data_key(one.key_id, ACME)
    assert made.key_id == one.key_id


async def test_another_provider_opens_nothing_of_it() -> None:
    made = await EphemeralProvider().generate_data_key("alias/a", ACME)
    with pytest.raises(CannotOpen):
        await EphemeralProvider().decrypt(made.edk, ACME)


async def test_nothing_is_left_at_the_end() -> None:
    provider = EphemeralProvider()
    made = await provider.generate_data_key("alias/a", ACME)
    await provider.aclose()
    with pytest.raises(CannotOpen):
        await provider.decrypt(made.edk, ACME)
