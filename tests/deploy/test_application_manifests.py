# SPDX-License-Identifier: Apache-2.0
"""The application pod of the dev overlay: its parts name each other rightly, end to end."""

import re
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from sidecar.proxy import Limits
from sidecar.supervision.supervisor import END_SECONDS
from tests.deploy.manifests import BASE, DEV, Object, matches, objects, one, pods

POD = one(DEV, "Deployment", "application")["spec"]["template"]
(SIDECAR,) = POD["spec"]["initContainers"]
(APPLICATION,) = POD["spec"]["containers"]
CONFIG: dict[str, Any] = yaml.safe_load(one(DEV, "ConfigMap", "sidecar")["data"]["sidecar.yaml"])


def reached(url: str) -> Object:
    """The pod that answers at `url`, found the way the cluster finds it."""
    parts = urlsplit(url)
    assert parts.hostname
    service = one(DEV, "Service", parts.hostname)
    (port,) = [port for port in service["spec"]["ports"] if port["port"] == parts.port]
    (pod,) = [pod for _, pod in pods(objects(DEV)) if matches(service["spec"]["selector"], pod)]
    listening = {
        each["name"]
        for container in pod["spec"]["containers"]
        for each in container.get("ports", [])
    }
    assert port["targetPort"] in listening
    return pod


def mounted_at(container: Object, path: str) -> Object:
    """The volume behind `path` in `container`, which must be mounted read-only."""
    (mount,) = [
        mount
        for mount in container["volumeMounts"]
        if PurePosixPath(path).is_relative_to(mount["mountPath"])
    ]
    assert mount["readOnly"] is True
    (volume,) = [each for each in POD["spec"]["volumes"] if each["name"] == mount["name"]]
    return volume


def test_the_sidecar_is_native_and_the_application_waits_for_its_proof() -> None:
    assert SIDECAR["restartPolicy"] == "Always"
    assert SIDECAR["startupProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
    assert SIDECAR["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "admin"}
    assert SIDECAR["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "admin"}


def test_a_pod_with_a_sidecar_is_one_that_the_kms_admits() -> None:
    (policy,) = objects(BASE, "NetworkPolicy")
    (admitted,) = policy["spec"]["ingress"][0]["from"]
    assert matches(admitted["podSelector"]["matchLabels"], POD)
    (store,) = [pod for name, pod in pods(objects(DEV)) if name == "crm-store"]
    assert not matches(admitted["podSelector"]["matchLabels"], store)


def test_the_admin_port_is_the_one_that_is_probed() -> None:
    (port,) = SIDECAR["ports"]
    assert CONFIG["admin"]["listen"] == f"0.0.0.0:{port['containerPort']}"


def test_every_url_of_the_configuration_leads_to_a_pod() -> None:
    assert reached(CONFIG["kms"]["endpoint"])["metadata"]["labels"]["app.kubernetes.io/name"] == (
        "kms"
    )
    for listener in CONFIG["listeners"]:
        reached(listener["upstream"])


def test_the_application_speaks_to_the_listener_of_its_own_pod() -> None:
    (listener,) = CONFIG["listeners"]
    assert listener["listen"].startswith("127.0.0.1:")
    url, password_file = APPLICATION["args"]
    assert url == f"http://{listener['listen']}"
    assert mounted_at(APPLICATION, password_file)["secret"]["secretName"] == "crm-store"
    generated = one(DEV, "ConfigMap", "application")
    script = PurePosixPath(APPLICATION["command"][-1])
    assert script.name in generated["data"]
    volume = mounted_at(APPLICATION, str(script))
    assert volume["configMap"]["name"] == generated["metadata"]["name"]


def test_every_file_of_the_configuration_is_mounted() -> None:
    assert SIDECAR["args"] == ["run", "-c", "/etc/sidecar/sidecar.yaml"]
    folder = mounted_at(SIDECAR, SIDECAR["args"][-1])["projected"]["sources"]
    config, rules = (source["configMap"] for source in folder)
    assert config == {"name": one(DEV, "ConfigMap", "sidecar")["metadata"]["name"]}
    assert rules["name"] == one(DEV, "ConfigMap", "rules")["metadata"]["name"]
    paths = {item["path"] for item in rules["items"]}
    assert {PurePosixPath("/etc/sidecar", path).parent for path in paths} == {
        PurePosixPath(CONFIG["rules"])
    }
    assert {item["key"] for item in rules["items"]} == one(DEV, "ConfigMap", "rules")["data"].keys()
    credentials = CONFIG["kms"]["credentials_file"]
    assert mounted_at(SIDECAR, credentials)["secret"]["secretName"] == "kms-credentials"
    assert PurePosixPath(credentials).name == "credentials.json"


def test_only_the_sidecar_can_read_the_credentials_of_the_kms() -> None:
    names = {mount["name"] for mount in APPLICATION["volumeMounts"]}
    assert names == {"application", "store-password"}


def test_changed_rules_reach_a_running_pod_and_anything_else_makes_a_new_one() -> None:
    names = {name: one(DEV, "ConfigMap", name)["metadata"]["name"] for name in ("rules", "sidecar")}
    assert names["rules"] == "rules"
    assert names["sidecar"] != "sidecar"
    (mount,) = [each for each in SIDECAR["volumeMounts"] if each["mountPath"] == "/etc/sidecar"]
    assert "subPath" not in mount  # such a mount is never brought up to date


def test_what_a_sidecar_writes_has_a_folder_in_the_guide() -> None:
    """The root file system is read-only, and nobody would know before rules were signed."""
    guide = (BASE.parent / "README.md").read_text()
    section = guide.partition("## Signed rules")[2].partition("\n## ")[0]
    config, pod = (
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    )
    (mount,) = pod["volumeMounts"]
    assert not mount.get("readOnly")
    assert [each["name"] for each in pod["volumes"]] == [mount["name"]]
    for path in (config["rules"]["state"], config["ca"]["dir"]):
        assert PurePosixPath(path).is_relative_to(mount["mountPath"])


def test_the_pod_waits_for_the_drain_of_its_sidecar() -> None:
    assert POD["spec"]["terminationGracePeriodSeconds"] > Limits().drain_seconds + END_SECONDS


def test_the_container_has_the_memory_that_its_configuration_may_take() -> None:
    """What was measured: 48 MiB for the supervisor, 90 for a worker, five times what is held."""
    held = CONFIG["limits"]["held_total"]
    assert held.endswith("MiB")
    most = 48 + 90 * CONFIG["workers"] + 5 * int(held.removesuffix("MiB"))
    assert SIDECAR["resources"]["limits"]["memory"].endswith("Mi")
    assert int(SIDECAR["resources"]["limits"]["memory"].removesuffix("Mi")) > most
