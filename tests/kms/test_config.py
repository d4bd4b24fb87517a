# SPDX-License-Identifier: Apache-2.0
"""`kms.yaml`: what it means, and the exact complaint about what it cannot mean."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from sidecar.errors import Misconfigured
from sidecar.hsm import Pkcs11Uri
from sidecar.kms.config import KmsConfig, Tls, load_kms_config
from sidecar.kms.limits import Quotas, Rates

TOKEN = "pkcs11:token=kms?module-path=/lib/softhsm2.so&pin-source=file:/etc/kms/pin"
SMALLEST = f"""\
version: 1
listen: 127.0.0.1:28900
region: cn-hangzhou
token: {TOKEN}
database: kms.db
accounts:
  - id: "1000000000000001"
    users:
      - name: sidecar
        id: "200000000000000001"
        policies: [AliyunKMSFullAccess]
        access_keys: [{{id: LTAI5t, secret_file: sidecar.secret}}]
"""
POLICIES = """\
policies:
  read-only: {Version: "1", Statement: [{Effect: Allow, Action: "kms:List*", Resource: "*"}]}
"""

type Load = Callable[[str], KmsConfig]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a `kms.yaml` beside a secret, and load it."""
    secret = tmp_path / "sidecar.secret"
    secret.write_text("canary-secret\n")
    secret.chmod(0o600)

    def write_and_load(text: str) -> KmsConfig:
        file = tmp_path / "kms.yaml"
        file.write_text(text)
        return load_kms_config(file)

    return write_and_load


def test_the_smallest_file_has_defaults_for_the_rest(load: Load, tmp_path: Path) -> None:
    config = load(SMALLEST)
    assert (config.listen_host, config.listen_port) == ("127.0.0.1", 28900)
    assert config.region == "cn-hangzhou"
    assert config.token == Pkcs11Uri.parse(TOKEN)
    assert config.database_url == URL.create("sqlite", database=f"{tmp_path}/kms.db")
    assert config.tls is None
    (account,) = config.accounts
    assert account.id == "1000000000000001"
    assert account.quotas == Quotas(keys=200, aliases=300)
    (user,) = account.users
    assert (user.name, user.id) == ("sidecar", "200000000000000001")
    assert user.policies == ("AliyunKMSFullAccess",)
    assert [(key.id, key.secret) for key in user.access_keys] == [("LTAI5t", "canary-secret")]


def test_everything_that_can_be_said(load: Load, tmp_path: Path) -> None:
    config = load(
        SMALLEST.replace("[AliyunKMSFullAccess]", "[read-only, AliyunKMSCryptoUserAccess]")
        .replace("database: kms.db", "database: postgresql://kms:pw@db/kms")
        .replace("127.0.0.1:28900", '"[::1]:0"')
        + POLICIES
        + "tls: {cert: server.pem, key: /etc/kms/server.key}\nquotas: {keys: 1000}\n"
    )
    assert (config.listen_host, config.listen_port) == ("::1", 0)
    assert config.database_url == make_url("postgresql+psycopg://kms:pw@db/kms")
    assert config.tls == Tls(tmp_path / "server.pem", Path("/etc/kms/server.key"))
    assert config.accounts[0].quotas == Quotas(keys=1000, aliases=300)
    account = config.accounts[0]
    assert account.users[0].policies == ("read-only", "AliyunKMSCryptoUserAccess")
    assert json.loads(account.policies["read-only"])["Statement"][0]["Action"] == "kms:List*"


def test_several_regions_and_limits_of_all_and_of_one_account(load: Load) -> None:
    config = load(
        SMALLEST.replace("region: cn-hangzhou", "regions: [cn-hangzhou, cn-beijing]").replace(
            "    users:", "    quotas: {versions: 7}\n    rates: {read: 9}\n    users:", 1
        )
        + "quotas: {keys: 1000, certificates: 3}\nrates: {read: 1, symmetric: 2000}\n"
    )
    assert (config.regions, config.region) == (("cn-hangzhou", "cn-beijing"), "cn-hangzhou")
    (account,) = config.accounts
    assert account.quotas == Quotas(keys=1000, certificates=3, versions=7)
    assert account.rates == Rates(read=9, symmetric=2000)


def test_a_database_file_may_have_any_name(load: Load, tmp_path: Path) -> None:
    config = load(SMALLEST.replace("kms.db", "'is this ?kms#1%20.db'"))
    assert config.database_url.database == f"{tmp_path}/is this ?kms#1%20.db"


def test_neither_secrets_nor_passwords_are_printed(load: Load) -> None:
    config = load(SMALLEST.replace("kms.db", "postgresql://kms:canary-password@db/kms"))
    assert "canary" not in repr(config)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("version: 1", "version: 2", "1:10: '2' is not a word here; known here: 1"),
        ("region: cn-hangzhou\n", "", "1:1: 'region' is missing"),
        (
            "region: cn",
            "regoin: x\nregion: cn",
            "3:1: unknown key 'regoin'; did you mean 'region'?",
        ),
        ("cn-hangzhou", "CN", "3:9: expected a region such as cn-hangzhou"),
        ("region: cn-hangzhou", "regions: [a, A]", "3:14: expected a region such as cn-hangzhou"),
        ("region: cn-hangzhou", "regions: [a, a]", "3:10: a region stands here twice"),
        (
            "127.0.0.1:28900",
            "28900",
            "2:9: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080",
        ),
        (
            "28900",
            "65536",
            "2:9: expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080",
        ),
        (
            TOKEN,
            "softhsm:kms",
            "4:8: an HSM is named by a URI that begins with pkcs11:",
        ),
        (
            "kms.db",
            "post gres://kms:canary@db/kms",
            "5:11: expected a file or a URL such as postgresql://kms@db.internal/kms",
        ),
        (
            "[AliyunKMSFullAccess]",
            "[AliyunKMSFulAccess]",
            (
                "11:20: no policy has the name 'AliyunKMSFulAccess'; did you mean "
                "'AliyunKMSFullAccess'?"
            ),
        ),
    ],
)
def test_a_complaint_names_file_line_and_column(
    old: str, new: str, complaint: str, load: Load, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(SMALLEST.replace(old, new, 1))
    assert caught.value.why == f"{tmp_path}/kms.yaml:{complaint}"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("quotas: {keys: 0}", "13:16: expected an integer from 1 to 1000000"),
        ("quotas: {key: 5}", "13:10: unknown key 'key'; did you mean 'keys'?"),
        ("rates: {write: 0}", "13:16: expected an integer from 1 to 1000000"),
        ("rates: {writes: 1}", "13:9: unknown key 'writes'; did you mean 'write'?"),
        ("regions: [cn-beijing]", "3:1: unknown key 'region'; did you mean 'regions'?"),
        ("tls: {cert: server.pem}", "13:6: 'key' is missing"),
        (
            POLICIES.replace("kms:List*", "ListKeys"),
            "14:65: an action is * or service:Name, such as kms:Decrypt or kms:List*",
        ),
    ],
)
def test_a_complaint_about_what_may_be_left_out(
    more: str, complaint: str, load: Load, tmp_path: Path
) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(SMALLEST + more)
    assert caught.value.why == f"{tmp_path}/kms.yaml:{complaint}"


def test_a_secret_that_others_may_read_is_refused_where_it_is_named(
    load: Load, tmp_path: Path
) -> None:
    (tmp_path / "sidecar.secret").chmod(0o644)
    with pytest.raises(Misconfigured) as caught:
        load(SMALLEST)
    secret = tmp_path / "sidecar.secret"
    assert caught.value.why.startswith(
        f"{tmp_path}/kms.yaml:12:49: {secret}: is open to others; run: chmod 600 {secret}"
    )


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        load_kms_config(tmp_path / "kms.yaml")
