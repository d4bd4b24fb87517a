# SPDX-License-Identifier: Apache-2.0
"""The two users of a new KMS core: one makes keys, the other seals and opens with them alone."""

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.client_tls import ClientTls
from sidecar.keys import CmkRef, KeyContext, Keyring
from sidecar.keys.providers.kms import KmsProvider
from tests.fixtures.kms import RunningKms


@pytest.fixture
def sidecar(kms: RunningKms) -> KmsClient:
    return KmsClient.from_file(kms.directory / "sidecar.json", kms.endpoint, ClientTls())


async def test_a_sidecar_can_prove_seal_and_open(kms: RunningKms, sidecar: KmsClient) -> None:
    cmk, context = CmkRef(kms.make_key()), KeyContext("crm", "")
    keyring = Keyring(KmsProvider(kms.endpoint, kms.region, sidecar._key))
    await keyring.prove(cmk)
    key = await keyring.for_sealing(cmk, context, 1)
    await keyring.aclose()
    again = Keyring(KmsProvider(kms.endpoint, kms.region, sidecar._key))
    assert set(await again.for_opening(cmk, context, [key.edk])) == {key.edk}
    await again.aclose()


@pytest.mark.parametrize(
    "action",
    ["DisableKey", "DeleteAlias", "UpdateAlias", "CreateKey", "ListKeys"],
)
def test_a_stolen_sidecar_key_changes_nothing(
    kms: RunningKms, sidecar: KmsClient, action: str
) -> None:
    cmk = kms.make_key()
    alias = f"alias/of-{cmk}"
    kms.call("CreateAlias", KeyId=cmk, AliasName=alias)
    parameters = {
        "DisableKey": {"KeyId": cmk},
        "DeleteAlias": {"AliasName": alias},
        "UpdateAlias": {"AliasName": alias, "KeyId": kms.make_key()},
    }
    with pytest.raises(Refusal) as refused:
        sidecar.call(action, parameters.get(action, {}))
    assert refused.value.answer["Code"] == "Forbidden.NoPermission"
    described = kms.call("DescribeKey", KeyId=alias)["KeyMetadata"]
    assert (described["KeyId"], described["KeyState"]) == (cmk, "Enabled")
