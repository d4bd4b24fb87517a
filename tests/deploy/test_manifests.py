# SPDX-License-Identifier: Apache-2.0
"""Every manifest is valid where we say it runs, and keeps the restricted pod security profile."""

import copy
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import sidecar
from tests.deploy.manifests import BASE, BIN, DEV, Object, containers, objects, pods, rendered

OVERLAYS = [BASE, DEV]
# 1.29 is the first release that runs native sidecars without a feature gate.
RELEASES = ["1.29.0", "1.37.0"]


def validate(manifest: Path, release: str = RELEASES[-1]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "kubernetes-validate", "--strict", "-k", release, manifest],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("release", RELEASES)
def test_kubernetes_accepts_every_field(folder: Path, release: str, tmp_path: Path) -> None:
    manifest = tmp_path / "all.yaml"
    manifest.write_text(rendered(folder))
    done = validate(manifest, release)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" passed ") == len(objects(folder))


def test_a_field_that_kubernetes_does_not_know_is_caught(tmp_path: Path) -> None:
    typo = rendered(DEV).replace("readOnlyRootFilesystem", "readOnlyRootFileSystem", 1)
    manifest = tmp_path / "typo.yaml"
    manifest.write_text(typo)
    done = validate(manifest)
    assert done.returncode == 1
    assert "readOnlyRootFileSystem" in done.stdout


def test_every_file_is_part_of_what_is_applied() -> None:
    for folder in OVERLAYS:
        kustomization = (folder / "kustomization.yaml").read_text()
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = str(file.relative_to(folder))
            assert name == "kustomization.yaml" or name in kustomization, file


def check_restricted(pod: Object) -> None:
    """The `restricted` Pod Security Standard, and beyond it what our pods can do without."""
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for volume in spec["volumes"]:
        assert "hostPath" not in volume
    for container in containers(pod):
        context = spec["securityContext"] | container["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] > 0
        assert context["runAsGroup"] > 0
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert not {"privileged", "procMount"} & context.keys()


def check_bounded(pod: Object) -> None:
    """No container can eat its node, and no temporary file of ours touches a disk."""
    for container in containers(pod):
        resources = container["resources"]
        assert {"cpu", "memory"} <= resources["requests"].keys()
        assert "memory" in resources["limits"]
    for volume in pod["spec"]["volumes"]:
        if "emptyDir" in volume:
            assert "sizeLimit" in volume["emptyDir"]
        if volume["name"] == "tmp":
            assert volume["emptyDir"]["medium"] == "Memory"


def check_image(pod: Object) -> None:
    """A tag that means one thing; ours is the version of this source."""
    for container in containers(pod):
        name, _, tag = container["image"].partition(":")
        assert re.fullmatch(r"\d+\.\d+\.\d+", tag), container["image"]
        assert name != "envelope-sidecar" or tag == sidecar.__version__


def check_no_inline_secret(pod: Object) -> None:
    """Secrets are mounted, readable by the pod's group alone; none stands in the manifest."""
    for container in containers(pod):
        assert all("fieldRef" in each.get("valueFrom", ()) for each in container.get("env", []))
        words = " ".join([*container.get("command", []), *container.get("args", [])])
        assert not re.search(r"(?i)(password|secret|token|pin)=", words)
    for volume in pod["spec"]["volumes"]:
        if "secret" in volume:
            assert volume["secret"]["defaultMode"] == 0o440
            assert pod["spec"]["securityContext"]["fsGroup"] > 0


CHECKS = [check_restricted, check_bounded, check_image, check_no_inline_secret]
PODS = {f"{folder.name}-{name}": pod for folder in OVERLAYS for name, pod in pods(objects(folder))}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", PODS)
def test_every_pod_keeps_the_policy(name: str, check: Callable[[Object], None]) -> None:
    check(PODS[name])


def set_at(path: str, value: object) -> Callable[[Object], None]:
    def change(pod: Object) -> None:
        at = pod["spec"]
        *steps, last = path.split(".")
        for step in steps:
            at = at[int(step) if step.isdigit() else step]
        at[last] = value

    return change


@pytest.mark.parametrize(
    ("check", "change"),
    [
        (check_restricted, set_at("hostNetwork", True)),  # noqa: FBT003 - a manifest's value
        (check_restricted, set_at("securityContext.runAsNonRoot", False)),  # noqa: FBT003
        (check_restricted, set_at("containers.0.securityContext.runAsUser", 0)),
        (check_restricted, set_at("initContainers.0.securityContext.capabilities", {})),
        (check_restricted, set_at("automountServiceAccountToken", True)),  # noqa: FBT003
        (check_bounded, set_at("containers.0.resources.limits", {})),
        (check_image, set_at("containers.0.image", "envelope-sidecar:latest")),
        (check_image, set_at("containers.0.image", "envelope-sidecar")),
        (check_no_inline_secret, set_at("containers.0.env", [{"name": "PIN", "value": "1234"}])),
        (check_no_inline_secret, set_at("containers.0.args", ["--password=x"])),
    ],
)
def test_a_pod_that_breaks_the_policy_is_caught(
    check: Callable[[Object], None], change: Callable[[Object], None]
) -> None:
    broken = copy.deepcopy(PODS["dev-application"])
    change(broken)
    with pytest.raises(AssertionError):
        check(broken)


@pytest.mark.parametrize("name", PODS)
def test_what_serves_is_probed_where_it_listens(name: str) -> None:
    for container in containers(PODS[name]):
        ports = {port["name"] for port in container.get("ports", [])}
        probes = {
            probe: container.get(probe)
            for probe in ("startupProbe", "readinessProbe", "livenessProbe")
        }
        for probe, spec in probes.items():
            assert bool(spec) is bool(ports), f"{container['name']}: {probe}"
            if spec:
                target = spec.get("httpGet") or spec["tcpSocket"]
                assert target["port"] in ports


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
def test_no_secret_is_kept_in_git(folder: Path) -> None:
    assert objects(folder, "Secret") == []
    for each in objects(folder, "ConfigMap"):
        assert not re.search(r"(?i)PRIVATE KEY|access_key_secret|pin-value", yaml.safe_dump(each))


def test_the_dev_namespace_makes_the_api_server_enforce_the_same() -> None:
    (namespace,) = objects(DEV, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {each["metadata"].get("namespace") for each in objects(DEV)} == {
        None,
        namespace["metadata"]["name"],
    }
