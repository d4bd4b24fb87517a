# SPDX-License-Identifier: Apache-2.0
"""What the README tells to type brings up a KMS, and a sidecar that proves itself against it."""

import json
import re
import ssl
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from sidecar.config import RemoteKms, load_config, read_credentials
from sidecar.kms.config import load_kms_config
from sidecar.rules import lint
from tests.deploy.cluster import NAMESPACE, PORT, Cluster
from tests.deploy.manifests import BASE, BIN, DEV, K8S, objects, one, pods
from tests.kms.ram.issuer import AUDIENCE, SUBJECT, Issuer

README = (K8S / "README.md").read_text()
(SIDECAR,) = one(DEV, "Deployment", "application")["spec"]["template"]["spec"]["initContainers"]


def commands(section: str, language: str = "sh") -> list[str]:
    """The shell blocks of one section of the README, or those of another language."""
    (text,) = re.findall(rf"^## {section}\n(.*?)^## ", README, re.MULTILINE | re.DOTALL)
    blocks = re.findall(rf"^ *```{language}\n(.*?)```", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in blocks]


def call(words: str) -> str:
    return f"kubectl exec kms-0 -c kms -- sidecar kms call {words}"


def check(configuration: Path) -> subprocess.CompletedProcess[str]:
    """What the sidecar's container does, but that it does not listen."""
    command = [BIN / "sidecar", "run", "--check", "-c", configuration]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The section Apply, typed from top to bottom."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.run("\n".join(commands("Apply")))
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def mounted(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the sidecar's container sees at /etc/sidecar, its paths led to where things are."""
    folder = tmp_path_factory.mktemp("etc")
    (folder / "rules").mkdir()
    for name in ("sidecar", "rules"):
        for key, text in one(DEV, "ConfigMap", name)["data"].items():
            place = folder / "rules" if name == "rules" else folder
            for there, here in (
                ("/etc/sidecar", str(folder)),
                ("/var/run/sidecar-kms", str(cluster.secrets / "kms-credentials")),
                (f"kms:{PORT}", f"localhost:{cluster.port}"),
                ("0.0.0.0:9901", "127.0.0.1:0"),
                ("127.0.0.1:8080", "127.0.0.1:0"),
            ):
                text = text.replace(there, here)  # noqa: PLW2901 - one path after the other
            (place / key).write_text(text)
    return folder


def test_every_secret_that_is_mounted_is_made(cluster: Cluster) -> None:
    wanted = {
        volume["secret"]["secretName"]
        for _, pod in pods(objects(DEV))
        for volume in pod["spec"]["volumes"]
        if "secret" in volume
    }
    assert {path.name for path in cluster.secrets.iterdir()} == wanted
    assert (cluster.secrets / "crm-store" / "password").read_text().strip()


def test_the_kms_that_was_made_is_one_that_its_reader_accepts(cluster: Cluster) -> None:
    config = load_kms_config(cluster.directory / "kms.yaml")
    assert config.tls is not None
    (kms,) = one(BASE, "StatefulSet", "kms")["spec"]["template"]["spec"]["containers"]
    assert config.listen_port == kms["ports"][0]["containerPort"]


def test_the_kms_can_prove_every_name_that_a_pod_knows_it_by(cluster: Cluster) -> None:
    ca = cluster.secrets / "kms-credentials" / "ca.pem"
    endpoint = yaml.safe_load(one(DEV, "ConfigMap", "sidecar")["data"]["sidecar.yaml"])["kms"]
    assert urlsplit(endpoint["endpoint"]).hostname == "kms"
    for name in ("kms", f"kms.{NAMESPACE}", f"kms.{NAMESPACE}.svc"):
        cluster.shake_hands(name, ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        cluster.shake_hands("crm-store", ca)


def test_the_kms_keeps_the_key_of_its_authority_to_itself(cluster: Cluster) -> None:
    given = {path.name for path in (cluster.secrets / "kms-credentials").iterdir()}
    assert given == {"credentials.json", "ca.pem"}


def test_the_sidecar_is_not_given_the_administrators_key(cluster: Cluster) -> None:
    given = (cluster.secrets / "kms-credentials" / "credentials.json").read_text()
    admin = read_credentials(cluster.directory / "credentials.json")
    assert admin.key.id not in given
    assert admin.key.secret not in given


def test_a_second_start_changes_nothing_on_the_volume(cluster: Cluster) -> None:
    names = ("ca.pem", "server.pem", "kms.yaml", "credentials.json", "sidecar.json")
    before = [(cluster.directory / name).read_bytes() for name in names]
    cluster.initialize()
    assert [(cluster.directory / name).read_bytes() for name in names] == before


def test_a_backup_brings_back_every_cmk(cluster: Cluster, tmp_path: Path) -> None:
    blob = json.loads(cluster.run(call("GenerateDataKey KeyId=alias/customers")))["CiphertextBlob"]
    backup, drill = commands("Back up")
    (tmp_path / "passphrase").touch(mode=0o600)
    (tmp_path / "passphrase").write_text("correct horse battery staple\n")
    cluster.run(f"cd '{tmp_path}'; {backup} {drill}")
    cluster.stop()
    assert [path.name for path in cluster.volume.iterdir()] == ["kms"]
    cluster.directory.rename(tmp_path / "lost")
    cluster.run(f"cd '{tmp_path}'; {drill.replace('drill', str(cluster.directory))}")
    cluster.start()
    opened = json.loads(cluster.run(call(f"Decrypt CiphertextBlob={blob}")))
    assert opened["Plaintext"]


def test_the_access_key_of_the_sidecars_is_exchanged_while_the_kms_serves(
    cluster: Cluster, mounted: Path
) -> None:
    file = cluster.secrets / "kms-credentials" / "credentials.json"
    old = read_credentials(file).key.id
    (script,) = commands("Rotate")
    listed = cluster.run(script.replace("OLD-ID", old))
    new = read_credentials(file).key.id
    assert new != old
    assert {old, new} <= set(listed.split())
    assert "Inactive" in cluster.run("kubectl exec kms-0 -- sidecar kms ram key list sidecar")
    assert check(mounted / "sidecar.yaml").returncode == 0


def test_a_pod_may_show_its_token_instead_of_an_access_key(
    cluster: Cluster, mounted: Path, tmp_path: Path
) -> None:
    issuer = Issuer()
    for path, answer in (
        ("openid/v1/jwks", issuer.published()),
        (".well-known/openid-configuration", '{"issuer":"https://issuer.test","jwks_uri":"…"}'),
    ):
        (cluster.raw / path).parent.mkdir(parents=True)
        (cluster.raw / path).write_text(answer)
    (script,) = commands("Without an access key")
    cluster.run(script)
    cluster.stop()
    cluster.start()
    (volume,), section = map(yaml.safe_load, commands("Without an access key", "yaml"))
    token, ca = volume["projected"]["sources"]
    assert token["serviceAccountToken"]["audience"] == AUDIENCE
    assert ca["secret"]["items"] == [{"key": "ca.pem", "path": "ca.pem"}]
    place = tmp_path / token["serviceAccountToken"]["path"]
    kms = section["kms"] | {
        "endpoint": f"https://localhost:{cluster.port}",
        "ca": str(cluster.secrets / "kms-credentials" / "ca.pem"),
        "oidc_token_file": str(place),
    }
    configuration = yaml.safe_load((mounted / "sidecar.yaml").read_text()) | {"kms": kms}
    (mounted / "workload.yaml").write_text(yaml.safe_dump(configuration))
    for subject, code in ((f"system:serviceaccount:{NAMESPACE}:default", 0), (SUBJECT, 2)):
        place.write_text(issuer.token(sub=subject))
        done = check(mounted / "workload.yaml")
        assert done.returncode == code, done.stderr


def test_the_configuration_and_the_rules_are_accepted_without_advice(mounted: Path) -> None:
    config = load_config(mounted / "sidecar.yaml")
    assert isinstance(config.kms, RemoteKms)
    assert config.kms.endpoint.startswith("https://")
    assert config.kms.tls is not None
    rule_set = config.rules.read().rule_set
    assert lint(rule_set) == []
    stores = {listener.upstream.authority for listener in config.listeners}
    assert {host for rule in rule_set.rules for host in rule.store.hosts} == stores


def test_the_sidecar_proves_itself_against_the_kms_over_tls(
    mounted: Path, cluster: Cluster
) -> None:
    run, option, configuration = SIDECAR["args"]
    assert (run, option) == ("run", "-c")
    done = check(Path(configuration.replace("/etc/sidecar", str(mounted))))
    assert done.returncode == 0, done.stderr
    assert f"https://localhost:{cluster.port}" in done.stdout


def test_the_sidecar_does_not_start_against_a_kms_of_another_authority(
    mounted: Path, cluster: Cluster, tmp_path: Path
) -> None:
    other = tmp_path / "kms"
    cluster.run(f"sidecar kms init --dir '{other}' --host localhost")
    text = (mounted / "sidecar.yaml").read_text()
    ca = str(cluster.secrets / "kms-credentials" / "ca.pem")
    assert ca in text
    deceived = mounted / "deceived.yaml"
    deceived.write_text(text.replace(ca, str(other / "ca.pem")))
    done = check(deceived)
    assert done.returncode == 2
    assert "SSLCertVerificationError" in done.stderr
