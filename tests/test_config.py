# SPDX-License-Identifier: Apache-2.0
"""`sidecar.yaml`: what it may say, and what is told about everything else."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from sidecar import config as module
from sidecar.config import Config, EmbeddedKms, RemoteKms, load_config, read_credentials
from sidecar.errors import Misconfigured
from sidecar.keys import KeyLimits
from sidecar.proxy import KMS_HOSTS, Admin, Limits, Listener, ServerTls, Upstream

LISTENER = "listeners: [{listen: '127.0.0.1:0', upstream: 'http://crm.test:8080'}]\n"
LEAST = LISTENER + "rules: rules.yaml\n"
CREDENTIALS = {
    "endpoint": "http://127.0.0.1:28900",
    "region": "cn-beijing",
    "access_key_id": "LTAIexample",
    "access_key_secret": "a secret",
}


@pytest.fixture
def load(tmp_path: Path):
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tmp_path / name).touch()
    (tmp_path / "credentials.json").touch(mode=0o600)
    (tmp_path / "credentials.json").write_text(json.dumps(CREDENTIALS))

    def load(text: str) -> Config:
        (tmp_path / "sidecar.yaml").write_text(text)
        return load_config(tmp_path / "sidecar.yaml")

    return load


def test_the_least_that_it_may_say(load, tmp_path: Path) -> None:
    assert load(LEAST) == Config(
        listeners=(Listener("127.0.0.1", 0, Upstream("http", "crm.test", 8080)),),
        rules=tmp_path / "rules.yaml",
        kms=EmbeddedKms(tmp_path / "kms"),
        kms_hosts=KMS_HOSTS,
        admin=Admin("127.0.0.1", 9901),
        limits=Limits(),
        held_body=8 * 1024**2,
        keys=KeyLimits(),
    )


def test_everything_that_it_may_say_of_a_listener(load, tmp_path: Path) -> None:
    config = load(
        "listeners:\n"
        "  - listen: '[::1]:8443'\n"
        "    tls: {cert: cert.pem, key: key.pem}\n"
        "    upstream: https://CRM.test/\n"
        "    upstream_tls: {ca: ca.pem, cert: cert.pem, key: key.pem}\n"
        "    host_header: upstream\n"
        "  - {listen: '0.0.0.0:80', upstream: kms}\n"
        "rules: rules\n"
    )
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    assert config.listeners == (
        Listener(
            "::1",
            8443,
            Upstream("https", "crm.test", 443, ca, cert, key),
            ServerTls(cert, key),
            "upstream",
        ),
        Listener("0.0.0.0", 80, Upstream("kms")),
    )


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://CRM.Test", "crm.test:80"),
        ("https://crm.test:8443/", "crm.test:8443"),
        ("http://[0:0::1]", "[::1]:80"),
        ("https://[::1]:9200", "[::1]:9200"),
        ("http://127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_an_upstream_is_spelt_as_rules_spell_it(load, url: str, authority: str) -> None:
    """Else a rule that names the store would not be found for its requests."""
    (listener,) = load(LEAST.replace("http://crm.test:8080", url)).listeners
    assert listener.upstream.authority == authority


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
        "  credentials_file: credentials.json\n"
        "  hosts: [KMS.internal]\n"
    )
    assert isinstance(config.kms, RemoteKms)
    assert config.kms.endpoint == "https://kms.cn-hangzhou.aliyuncs.com"
    assert config.kms.region == "cn-hangzhou"
    authority = Upstream("https", "kms.cn-hangzhou.aliyuncs.com", 443, tmp_path / "ca.pem")
    assert config.kms.upstream == authority
    assert config.kms_hosts == (*KMS_HOSTS, "kms.internal")


def test_limits_are_read_by_their_names(load) -> None:
    config = load(
        LEAST + "admin: {listen: '0.0.0.0:0'}\n"
        "limits: {held_body: 1MiB, keys: 500ms, drain: 1m}\n"
        "keys: {max_age: 10m, grace: 0}\n"
    )
    assert config.admin == Admin("0.0.0.0", 0)
    assert config.held_body == 1024**2
    assert config.limits == Limits(key_seconds=0.5, drain_seconds=60)
    assert config.keys == KeyLimits(max_age=600, grace=0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ": empty"),
        ("listeners: [", ":1:13: "),
        ("rules: rules.yaml\n", ":1:1: 'listeners' is missing"),
        (LISTENER, ":1:1: 'rules' is missing"),
        ("listeners: []\nrules: r\n", ":1:12: there is no listener"),
        ("listeners: x\nrules: r\n", ":1:12: expected a list"),
        (LEAST + "rulez: x\n", ":3:1: unknown key 'rulez'; did you mean 'rules'?"),
        (LEAST + "rules: x\n", ":3:1: 'rules' stands here twice"),
        (LEAST.replace("listen:", "lisen:"), ":1:13: 'listen' is missing; is it meant by 'lisen'?"),
        (LEAST.replace("'127.0.0.1:0'", "8080"), ":1:22: expected HOST:PORT, such as"),
        (LEAST.replace("127.0.0.1:0", "127.0.0.1:65536"), ":1:22: expected HOST:PORT"),
        (LEAST.replace("127.0.0.1:0", "127.0.0.1:²"), ":1:22: expected HOST:PORT"),
        (LEAST.replace("http:", "ftp:"), ":1:47: 'ftp://crm.test:8080': expected http://"),
        (LEAST.replace("8080", "8080/path"), ":1:47: 'crm.test:8080/path"),
        (LEAST.replace("crm", "user@crm"), ":1:47: 'user@crm.test:8080': write host:port"),
        (LEAST.replace("8080", "0"), ":1:47: 'crm.test:0': the port"),
        (LEAST.replace("8080", "99999"), ":1:47: 'crm.test:99999': the port"),
        (LEAST.replace("http://crm.test:8080", "http://"), ":1:47: 'http://': expected"),
        (LEAST.replace("}]", ", host_header: kept}]"), ":1:84: 'kept' is not a word here"),
        (LEAST.replace("}]", ", tls: {cert: cert.pem}}]"), ":1:76: 'key' is missing"),
        (LEAST.replace("}]", ", tls: {cert: no.pem, key: key.pem}}]"), "no.pem is not a file"),
        (LEAST.replace("}]", ", upstream_tls: {ca: ca.pem}}]"), ":1:47: an upstream `http` takes"),
        (
            LEAST.replace("http:", "https:").replace("}]", ", upstream_tls: {cert: cert.pem}}]"),
            ":1:47: a client certificate and its key come together",
        ),
        (
            LEAST.replace("http:", "https:").replace("}]", ", upstream_tls: {verify: false}}]"),
            "unknown key 'verify'",
        ),
        (LEAST + "kms: {dri: x}\n", ":3:7: unknown key 'dri'; did you mean 'dir'?"),
        (LEAST + "kms: {endpoint: 'http://k:1'}\n", ":3:6: 'credentials_file' is missing"),
        (
            LEAST + "kms: {dir: x, credentials_file: credentials.json}\n",
            ":3:12: a KMS has either a `dir` here or an `endpoint` elsewhere",
        ),
        (
            LEAST + "kms: {credentials_file: credentials.json, endpoint: 'http://k/x'}\n",
            ":3:53: endpoint: 'k/x:80'",
        ),
        (LEAST + "kms: {credentials_file: ca.pem}\n", "ca.pem: is open to others; run: chmod 600"),
        (LEAST + "admin: {listen: x}\n", ":3:17: expected HOST:PORT"),
        (LEAST + "admin: {port: 1}\n", ":3:8: 'listen' is missing"),
        (LEAST + "limits: {keys: 1y}\n", ":3:16: expected a duration such as 30s"),
        (LEAST + "limits: {held_body: 8MB}\n", ":3:21: expected a size such as 64KiB"),
        (LEAST + "limits: {connections: 0}\n", ":3:23: expected an integer from 1 to 100000"),
        (LEAST + "limits: {timeout: 1s}\n", ":3:10: unknown key 'timeout'"),
        (LEAST + "keys: {max_age: 0}\n", ":3:17: expected a duration"),
    ],
)
def test_a_complaint_has_its_place(load, tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(text)
    assert caught.value.why.startswith(f"{tmp_path / 'sidecar.yaml'}:")
    assert complaint in caught.value.why


def test_a_place_is_told_once(load, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(LEAST + "kms: {credentials_file: absent.json}\n")
    file = tmp_path / "sidecar.yaml"
    assert caught.value.why == f"{file}:3:25: {tmp_path / 'absent.json'} is not a file"


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


def test_every_limit_is_documented_with_its_default(load) -> None:
    """The example at the top of the module is what somebody copies."""
    doc = module.__doc__ or ""
    sections = [
        re.sub(r"\s+", " ", doc[at.end() : doc.index("}", at.end()) + 1])
        for at in re.finditer(r"^    (?:limits|keys):$", doc, re.MULTILINE)
    ]
    said = load(LEAST + f"limits: {sections[0]}\nkeys: {sections[1]}\n")
    assert (said.limits, said.held_body, said.keys) == (Limits(), 8 * 1024**2, KeyLimits())
    assert _words(sections[0]) == {*module._LIMITS, "held_body"}
    assert _words(sections[1]) == set(module._KEY_LIMITS)
    assert {name for name, _ in module._LIMITS.values()} <= {each.name for each in fields(Limits)}


def _words(section: str) -> set[str]:
    return set(re.findall(r"(\w+):", section))
