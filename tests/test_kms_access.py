# SPDX-License-Identifier: Apache-2.0
"""Where the KMS answers: as it is said, or in a child process."""

from pathlib import Path

import pytest

from sidecar import kms_access
from sidecar.config import EmbeddedKms, RemoteKms, read_credentials
from sidecar.keys import KeyDenied
from sidecar.keys.providers.kms import KmsProvider
from sidecar.signing import AccessKey


async def test_one_elsewhere_is_left_as_it_is() -> None:
    kms = RemoteKms("http://127.0.0.1:1", "cn-hangzhou", AccessKey("id", "secret"))
    async with kms_access.reachable(kms) as found:
        assert found is kms


async def test_one_of_our_own_is_started_and_lets_sidecars_in(tmp_path: Path) -> None:
    async with kms_access.reachable(EmbeddedKms(tmp_path / "kms")) as kms:
        stored = read_credentials(tmp_path / "kms" / "sidecar.json")
        assert kms.key.id == stored.key.id
        assert kms.upstream.authority == kms.endpoint.removeprefix("http://")
        assert kms.endpoint != stored.endpoint
        async with KmsProvider(kms.endpoint, kms.region, kms.key) as provider:
            with pytest.raises(KeyDenied, match=r"DescribeKey with Forbidden\.AliasNotFound"):
                await provider.describe_key("alias/nobody")
