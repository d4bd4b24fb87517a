# SPDX-License-Identifier: Apache-2.0
"""A sidecar without an access key: its pod's token becomes credentials, renewed ahead."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sidecar.errors import KeyUnavailable
from sidecar.keys import KeyContext
from sidecar.keys.providers import KeyDenied
from sidecar.keys.providers.kms import KmsProvider
from sidecar.keys.providers.workload import WorkloadKey, WorkloadRole
from tests.kms.ram.conftest import CRM, PROVIDER, Federated
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import last_record

CONTEXT = KeyContext("crm", "")


class TokenFile:
    """The file of the pod, as the cluster writes it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, token: str) -> None:
        self.path.write_text(token + "\n")

    def remove(self) -> None:
        self.path.unlink()


@pytest.fixture
def token_file(federated: Federated, tmp_path: Path) -> TokenFile:
    file = TokenFile(tmp_path / "token")
    file.write(federated.issuer.token())
    return file


@pytest.fixture
async def provider(federated: Federated, token_file: TokenFile) -> AsyncIterator[KmsProvider]:
    kms = federated.kms
    role = WorkloadRole(CRM, PROVIDER, token_file.path, kms.endpoint)
    async with KmsProvider(kms.endpoint, kms.region, role) as provider:
        yield provider


def key_of(provider: KmsProvider) -> WorkloadKey:
    assert isinstance(provider._key, WorkloadKey)
    return provider._key


def revoke(federated: Federated) -> None:
    kms = federated.kms
    request = signed(
        "RevokeRoleSessions", ("RoleName", "crm"), key=kms.access_key, version="2015-05-01"
    )
    assert ask(kms, wire(request)).status == 200


async def test_it_seals_and_opens_as_its_role(federated: Federated, provider: KmsProvider) -> None:
    cmk = federated.kms.make_key()
    made = await provider.generate_data_key(cmk, CONTEXT)
    opened = await provider.decrypt(made.edk, CONTEXT)
    assert opened.plaintext == made.plaintext
    assert (await provider.describe_key(cmk)).state == "Enabled"


async def test_many_requests_at_the_start_exchange_one_token(
    federated: Federated, provider: KmsProvider
) -> None:
    cmk = federated.kms.make_key()
    keys = await asyncio.gather(*(key_of(provider).get() for _ in range(20)))
    assert len({key.id for key in keys}) == 1
    await provider.describe_key(cmk)


async def test_the_next_credentials_are_fetched_before_those_of_now_end(
    federated: Federated, provider: KmsProvider, token_file: TokenFile
) -> None:
    cmk, key = federated.kms.make_key(), key_of(provider)
    first = await key.get()
    key._renew_at = time.time()
    token_file.write(federated.issuer.token())  # renewed by the cluster in the meantime
    assert await key.get() == first  # nobody waits
    assert key._fetching is not None
    second = await key._fetching
    assert await key.get() == second != first
    await provider.describe_key(cmk)


async def test_those_of_now_serve_on_while_no_others_can_be_had(
    federated: Federated,
    provider: KmsProvider,
    token_file: TokenFile,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cmk, key = federated.kms.make_key(), key_of(provider)
    first = await key.get()
    token_file.remove()
    key._renew_at = time.time()
    await provider.describe_key(cmk)
    assert key._fetching is not None
    await asyncio.wait([key._fetching])
    assert "no new credentials of the workload's role" in caplog.text
    assert await key.get() == first
    key._ends_at = time.time()
    with pytest.raises(KeyUnavailable, match="cannot be read: FileNotFoundError"):
        await key.get()


async def test_a_session_that_was_revoked_is_replaced_within_the_call(
    federated: Federated, provider: KmsProvider
) -> None:
    cmk = federated.kms.make_key()
    await provider.describe_key(cmk)
    first = await key_of(provider).get()
    revoke(federated)
    await provider.describe_key(cmk)
    assert await key_of(provider).get() != first


async def test_a_token_that_is_not_believed_is_a_denial(
    federated: Federated,
    provider: KmsProvider,
    token_file: TokenFile,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = federated.issuer.token(sub="system:serviceaccount:shop:other")
    token_file.write(token)
    with pytest.raises(KeyDenied, match="the KMS answered AssumeRoleWithOIDC with NoPermission"):
        await provider.describe_key("alias/any")
    assert token not in caplog.text


async def test_no_token_is_told_by_its_file(provider: KmsProvider, token_file: TokenFile) -> None:
    token_file.write("")
    with pytest.raises(KeyUnavailable, match="holds no token"):
        await key_of(provider).get()


async def test_the_trail_names_the_role_and_the_session(
    federated: Federated, provider: KmsProvider
) -> None:
    await provider.describe_key(federated.kms.make_key())
    record = last_record(federated.kms)
    assert record["eventName"] == "DescribeKey"
    assert record["userIdentity"]["userName"] == "crm:envelope-sidecar"
    assert "OIDCToken" not in json.dumps(record)
