# SPDX-License-Identifier: Apache-2.0
"""`sidecar.yaml`: what it may say, and what is told about everything else."""

from pathlib import Path

import pytest

from sidecar.config import Config, EmbeddedKms
from sidecar.config.workers import usable_cores
from sidecar.errors import Misconfigured
from sidecar.keys import KeyLimits
from sidecar.proxy import KMS_HOSTS, Admin, Limits, Listener, Upstream
from sidecar.rules import RuleSource
from tests.config.documents import LEAST, LISTENER


def test_the_least_that_it_may_say(load, tmp_path: Path) -> None:
    assert load(LEAST) == Config(
        listeners=(Listener("127.0.0.1", 0, Upstream("http", "crm.test", 8080)),),
        rules=RuleSource(tmp_path / "rules.yaml"),
        kms=EmbeddedKms(tmp_path / "kms"),
        kms_hosts=KMS_HOSTS,
        ca=tmp_path / "ca",
        admin=Admin("127.0.0.1", 9901),
        limits=Limits(),
        held_body=8 * 1024**2,
        keys=KeyLimits(),
        workers=usable_cores(),
    )


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
        (
            LEAST + "kms: {endpoint: 'http://k:1', role_arn: crm}\n",
            ":3:41: expected acs:ram::<account>:role/<name>",
        ),
        (
            LEAST + "kms: {credentials_file: credentials.json, role_arn: crm}\n",
            ":3:25: a KMS is called with an access key or as a role, not both",
        ),
        (
            LEAST + "kms: {role_arn: 'acs:ram::1:role/crm'}\n",
            ":3:6: 'endpoint' is missing",
        ),
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


def test_everything_that_is_wrong_is_told_at_once(load, tmp_path: Path) -> None:
    text = (
        "listeners: [{listen: x, upstream: 'http://a:1'}, {listen: '127.0.0.1:0', upstream: x}]\n"
        "rulez: rules.yaml\nworkers: none\nlimits: {room: long}\n"
    )
    with pytest.raises(Misconfigured) as caught:
        load(text)
    lines = str(caught.value).splitlines()
    starts = [
        ":1:22: ",
        ":1:84: ",
        ":2:1: unknown key 'rulez'",
        ":3:10: ",
        ":4:16: ",
        ":1:1: 'rules'",
    ]
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(f"{tmp_path / 'sidecar.yaml'}{start}")


def test_a_place_is_told_once(load, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(LEAST + "kms: {credentials_file: absent.json}\n")
    file = tmp_path / "sidecar.yaml"
    assert caught.value.why == (
        f"{file}:3:25: {tmp_path / 'absent.json'} is not a file; "
        "`sidecar kms init` makes one for its KMS core"
    )
