# SPDX-License-Identifier: Apache-2.0
import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sidecar.client_tls import ClientTls
from sidecar.errors import CannotOpen, KeyUnavailable, Misconfigured, Refused
from sidecar.keys import KeyContext, KeyDenied
from sidecar.keys.providers.kms import MAX_ANSWER, KmsProvider, Patience
from sidecar.keys.providers.memory import Failure
from sidecar.signing import AccessKey
from tests.fixtures.authority import Authority
from tests.keys.providers.double import KEY, KmsDouble, answer, fault

ALIAS = "alias/customers"
ACME = KeyContext("crm", "acme")
IMPATIENT = Patience(deadline=5, step=5, pauses=(0, 0))


@pytest.fixture
async def kms() -> AsyncIterator[KmsDouble]:
    async with KmsDouble(ALIAS) as kms:
        yield kms


@pytest.fixture
async def provider(kms: KmsDouble) -> AsyncIterator[KmsProvider]:
    async with KmsProvider(kms.endpoint, "cn-hangzhou", KEY, patience=IMPATIENT) as provider:
        yield provider


async def test_a_lookup_key_is_made_without_being_shown(
    kms: KmsDouble, provider: KmsProvider
) -> None:
    edk = await provider.generate_lookup_key(ALIAS, KeyContext("crm", ""))

    assert kms.actions == ["GenerateDataKeyWithoutPlaintext"]
    assert len((await provider.decrypt(edk, KeyContext("crm", ""))).plaintext) == 32
    with pytest.raises(CannotOpen):
        await provider.decrypt(edk, KeyContext("another", ""))


async def test_a_context_without_tenant_names_none(kms: KmsDouble, provider: KmsProvider) -> None:
    """Old EDKs must open for ever: this is the very text that binds them (law 7)."""
    for context, text in (
        (KeyContext("crm", ""), b"%7B%22store%22%3A%22crm%22%7D"),
        (ACME, b"%7B%22store%22%3A%22crm%22%2C%22tenant%22%3A%22acme%22%7D"),
    ):
        await provider.generate_data_key(ALIAS, context)
        assert b"EncryptionContext=" + text in kms.targets.pop().split(b"?")[1].split(b"&")


async def test_connections_are_kept(kms: KmsDouble, provider: KmsProvider) -> None:
    for _ in range(5):
        await provider.describe_key(ALIAS)
    assert kms.connections == 1


async def test_a_connection_that_the_kms_closed_meanwhile_is_no_failure(
    kms: KmsDouble, provider: KmsProvider
) -> None:
    await provider.describe_key(ALIAS)
    kms.script.append(None)
    await provider.describe_key(ALIAS)
    assert kms.connections == 2


PASSING = [
    None,
    fault(500, "InternalFailure"),
    fault(503, "ServiceUnavailableTemporary"),
    fault(429, "Rejected.Throttling"),
    fault(429, "AnyOtherCode"),
    fault(400, "Throttling.User"),
    fault(400, "SignatureNonceUsed"),
    answer(502, b"<html>"),
    answer(403, b"<html>"),
    answer(200, b""),
    answer(200, b"<html>"),
    answer(302, {}, "Location: http://127.0.0.1:1/"),
]


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_passing_trouble_is_met_with_another_attempt_of_its_own(
    kms: KmsDouble, provider: KmsProvider, trouble: bytes | None
) -> None:
    kms.script.extend([trouble, trouble])
    assert (await provider.describe_key(ALIAS)).state == "Enabled"
    assert len(set(kms.targets)) == 1
    assert len(set(kms.nonces)) == 3


@pytest.mark.parametrize("trouble", PASSING, ids=str)
async def test_after_a_few_attempts_the_kms_is_unavailable(
    kms: KmsDouble, provider: KmsProvider, trouble: bytes | None
) -> None:
    kms.script.extend([trouble] * 10)
    with pytest.raises(KeyUnavailable) as unavailable:
        await provider.describe_key(ALIAS)
    assert type(unavailable.value) is KeyUnavailable
    assert len(kms.targets) == 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("Retry-After: 7", 7), ("x-acs-retry-after: 2500", 3), ("Retry-After: 999999", 300)],
)
async def test_a_kms_that_says_when_is_not_asked_before(
    kms: KmsDouble, provider: KmsProvider, header: str, seconds: int
) -> None:
    kms.script.append(fault(429, "Rejected.Throttling", "QPS Limit Exceeded", header))
    with pytest.raises(KeyUnavailable) as unavailable:
        await provider.describe_key(ALIAS)
    assert unavailable.value.retry_after == seconds
    assert len(kms.targets) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "Forbidden.NoPermission"),
        (403, "Forbidden.InDebt"),
        (409, "Rejected.Disabled"),
        (409, "Rejected.PendingDeletion"),
        (404, "InvalidAccessKeyId.NotFound"),
        (400, "SignatureDoesNotMatch"),
        (400, "InvalidTimeStamp.Expired"),
        (400, "MissingParameter"),
    ],
)
async def test_a_documented_refusal_is_a_denial_and_not_asked_again(
    kms: KmsDouble, provider: KmsProvider, status: int, code: str
) -> None:
    kms.script.append(fault(status, code, "server string to sign is:SECRET"))
    with pytest.raises(KeyDenied, match=rf"Decrypt with {code} \(request r-1\)") as denied:
        await provider.decrypt(b"edk", ACME)
    assert "SECRET" not in denied.value.why
    assert len(kms.targets) == 1


async def test_only_decrypt_can_say_that_a_blob_does_not_open(
    kms: KmsDouble, provider: KmsProvider
) -> None:
    for code in ("InvalidParameter", "Forbidden.KeyNotFound"):
        kms.script.append(fault(400, code))
        with pytest.raises(CannotOpen):
            await provider.decrypt(b"edk", ACME)
        kms.script.append(fault(400, code))
        with pytest.raises(KeyDenied):
            await provider.generate_data_key(ALIAS, ACME)


async def test_another_secret_is_refused_by_the_signature(kms: KmsDouble) -> None:
    key = AccessKey(KEY.id, "guessed")
    async with KmsProvider(kms.endpoint, "cn-hangzhou", key) as provider:
        with pytest.raises(KeyDenied, match="SignatureDoesNotMatch"):
            await provider.generate_data_key(ALIAS, ACME)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Plaintext", "AAAA"),
        ("Plaintext", "A" * 64),
        ("Plaintext", "!" * 44),
        ("Plaintext", "é"),
        ("Plaintext", 7),
        ("CiphertextBlob", "?"),
        ("KeyId", None),
    ],
    ids=str,
)
async def test_an_answer_of_another_shape_gives_no_key(
    kms: KmsDouble, provider: KmsProvider, field: str, value: object
) -> None:
    good: dict[str, object] = {
        "Plaintext": "A" * 43 + "=",
        "CiphertextBlob": "AAAA",
        "KeyId": "k",
        "KeyVersionId": "v",
    }
    kms.script.append(answer(200, good))
    assert (await provider.generate_data_key(ALIAS, ACME)).plaintext == bytes(32)
    kms.script.extend([answer(200, good | {field: value})] * 3)
    with pytest.raises(KeyUnavailable):
        await provider.generate_data_key(ALIAS, ACME)


async def test_an_answer_without_end_is_cut(kms: KmsDouble, provider: KmsProvider) -> None:
    kms.script.extend([answer(200, b" " * (MAX_ANSWER + 1))] * 3)
    with pytest.raises(KeyUnavailable, match="more than"):
        await provider.describe_key(ALIAS)


async def test_a_kms_that_hangs_is_left_at_the_deadline(kms: KmsDouble) -> None:
    patience = Patience(deadline=0.05, step=5, pauses=())
    kms.brain.failure = Failure.HANGS
    async with KmsProvider(kms.endpoint, "r", KEY, patience=patience) as provider:
        with pytest.raises(KeyUnavailable, match="did not answer DescribeKey in"):
            await provider.describe_key(ALIAS)


async def test_a_step_that_hangs_is_an_attempt_that_failed(kms: KmsDouble) -> None:
    patience = Patience(deadline=30, step=0.05, pauses=())
    kms.brain.failure = Failure.HANGS
    async with KmsProvider(kms.endpoint, "r", KEY, patience=patience) as provider:
        with pytest.raises(KeyUnavailable, match="ReadTimeout"):
            await provider.describe_key(ALIAS)


async def test_a_kms_that_does_not_listen_is_unavailable() -> None:
    async with KmsDouble() as gone:
        endpoint = gone.endpoint
    async with KmsProvider(endpoint, "r", KEY, patience=IMPATIENT) as provider:
        with pytest.raises(KeyUnavailable, match="ConnectError: ConnectionRefusedError"):
            await provider.describe_key(ALIAS)


async def test_cancellation_leaves_the_provider_whole(
    kms: KmsDouble, provider: KmsProvider
) -> None:
    kms.brain.failure = Failure.HANGS
    given_up = asyncio.create_task(provider.describe_key(ALIAS))
    await kms.brain.asked("DescribeKey")
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    kms.brain.failure = None
    assert await provider.describe_key(ALIAS)


async def test_no_log_and_no_error_holds_a_target_or_a_key(
    kms: KmsDouble, provider: KmsProvider, caplog: pytest.LogCaptureFixture
) -> None:
    """Law 5, at the most talkative level that anybody may switch on."""
    with caplog.at_level(logging.DEBUG):
        made = await provider.generate_data_key(ALIAS, ACME)
        await provider.decrypt(made.edk, ACME)
        kms.script.extend([answer(502, b"x"), fault(400, "Nope", kms.targets[-1].decode())])
        with pytest.raises(KeyDenied) as denied:
            await provider.decrypt(made.edk, ACME)
    said = caplog.text + denied.value.why + repr(denied.value)
    targets = [target.decode() for target in kms.targets]
    for secret in (*targets, "CiphertextBlob", KEY.secret, "acme", "Authorization: ACS3"):
        assert secret not in said


async def test_a_proxy_of_the_environment_is_not_used(
    kms: KmsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with KmsProvider(kms.endpoint, "r", KEY) as provider:
        assert await provider.describe_key(ALIAS)


async def test_names_that_no_kms_takes_are_refused_for_good(provider: KmsProvider) -> None:
    """Law 6: the client named this tenant; asking again cannot help."""
    for tenant in ("t" * 9000, "\udc80"):
        with pytest.raises(Refused):
            await provider.generate_data_key(ALIAS, KeyContext("crm", tenant))


@pytest.mark.parametrize(
    "endpoint",
    ["", "kms", "ftp://kms", "https://", "https://u:p@kms", "https://kms/path", "https://kms?x=1"],
)
def test_an_endpoint_that_is_no_origin_is_refused(endpoint: str) -> None:
    with pytest.raises(Misconfigured, match="endpoint") as refused:
        KmsProvider(endpoint, "r", KEY)
    assert "u:p" not in refused.value.why


def test_data_keys_in_clear_on_the_network_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    KmsProvider("http://127.0.0.1:1", "r", KEY)
    assert not caplog.text
    KmsProvider("http://kms.internal", "r", KEY)
    assert "use https" in caplog.text


async def test_only_the_named_authority_is_believed(tmp_path: Path) -> None:
    """The attack: another server answers in the KMS's place and hands out keys that it knows."""
    ours, another = Authority(tmp_path, "ours"), Authority(tmp_path, "another")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*ours.issue("127.0.0.1"))
    async with KmsDouble(ALIAS, tls=tls) as kms:
        async with KmsProvider(kms.endpoint, "r", KEY, tls=ClientTls(ours.ca)) as provider:
            assert await provider.generate_data_key(ALIAS, ACME)
        asked = len(kms.targets)
        for ca in (another.ca, None):
            async with KmsProvider(kms.endpoint, "r", KEY, tls=ClientTls(ca)) as provider:
                with pytest.raises(KeyUnavailable, match="ConnectError"):
                    await provider.generate_data_key(ALIAS, ACME)
        assert len(kms.targets) == asked


def test_an_authority_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "junk.pem").write_text("junk")
    for name in ("absent.pem", "junk.pem"):
        with pytest.raises(Misconfigured, match=name):
            KmsProvider("https://kms", "r", KEY, tls=ClientTls(tmp_path / name))
