# SPDX-License-Identifier: Apache-2.0
"""The KMS that is configured, and the credentials for one elsewhere."""

import json
from pathlib import Path

import pytest

from sidecar.client_tls import ClientTls
from sidecar.config import RemoteKms, read_credentials
from sidecar.errors import Misconfigured
from sidecar.keys.providers.workload import WorkloadRole
from sidecar.proxy import KMS_HOSTS, Upstream
from tests.config.documents import CREDENTIALS, LEAST


def test_a_kms_elsewhere_is_as_its_credentials_say(load, tmp_path: Path) -> None:
    kms = load(LEAST + "kms: {credentials_file: credentials.json}").kms
    assert isinstance(kms, RemoteKms)
    assert (kms.endpoint, kms.region) == ("http://127.0.0.1:28900", "cn-beijing")
    assert (kms.key.id, kms.key.secret) == ("LTAIexample", "a secret")
    assert kms.upstream == Upstream("http", "127.0.0.1", 28900)
    assert "a secret" not in repr(kms)


def test_a_kms_elsewhere_may_be_said_in_full(load, tmp_path: Path) -> None:
    config = load(
        LEAST + "kms:\n"
        "  endpoint: https://kms.cn-hangzhou.aliyuncs.com/\n"
        "  region: cn-hangzhou\n"
        "  ca: ca.pem\n"
        "  cert: cert.pem\n"
        "  key: key.pem\n"
        "  credentials_file: credentials.json\n"
        "  hosts: [KMS.internal]\n"
    )
    assert isinstance(config.kms, RemoteKms)
    assert config.kms.endpoint == "https://kms.cn-hangzhou.aliyuncs.com"
    assert config.kms.region == "cn-hangzhou"
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    assert config.kms.tls == ClientTls(*files)
    assert config.kms.upstream == Upstream("https", "kms.cn-hangzhou.aliyuncs.com", 443, *files)
    assert config.kms_hosts == (*KMS_HOSTS, "kms.internal")


def test_a_kms_that_nothing_names_is_asked_for(load, tmp_path: Path) -> None:
    key = {name: CREDENTIALS[name] for name in ("access_key_id", "access_key_secret")}
    (tmp_path / "credentials.json").write_text(json.dumps(key))
    text = LEAST + "kms: {credentials_file: credentials.json"
    with pytest.raises(Misconfigured, match="no endpoint of a KMS here; name it by `endpoint`"):
        load(text + "}")
    assert load(text + ", endpoint: 'http://kms.internal:28900'}").kms.key.id == "LTAIexample"


@pytest.mark.parametrize("half", ["cert: cert.pem", "key: key.pem"])
def test_half_a_client_certificate_is_refused(load, half: str) -> None:
    with pytest.raises(Misconfigured, match="a `cert` and its `key`"):
        load(LEAST + f"kms: {{credentials_file: credentials.json, {half}}}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "expected an object"),
        (b'{"access_key_id": "x"}', "'access_key_secret' is missing"),
        (b'{"access_key_id": "x", "access_key_secret": 5}', "'access_key_secret' is missing"),
    ],
)
def test_bad_credentials_are_told_without_being_shown(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    file = tmp_path / "credentials.json"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(Misconfigured, match=f"credentials.json: {complaint}"):
        read_credentials(file)


def test_credentials_that_others_may_read_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(CREDENTIALS))
    file.chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        read_credentials(file)


def test_a_kms_may_be_called_as_the_role_of_a_workload(load) -> None:
    kms = load(
        LEAST + "kms:\n"
        "  endpoint: https://kms.internal:28900\n"
        "  role_arn: acs:ram::1000000000000001:role/crm\n"
        "  oidc_provider_arn: acs:ram::1000000000000001:oidc-provider/cluster\n"
        "  oidc_token_file: /var/run/secrets/tokens/kms\n"
    ).kms
    assert isinstance(kms, RemoteKms)
    assert kms.key == WorkloadRole(
        role_arn="acs:ram::1000000000000001:role/crm",
        provider_arn="acs:ram::1000000000000001:oidc-provider/cluster",
        token_file=Path("/var/run/secrets/tokens/kms"),
        sts_endpoint="https://kms.internal:28900",
    )
