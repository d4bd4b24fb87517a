# SPDX-License-Identifier: Apache-2.0
"""The KMS core in the cluster: its keys stay on its volume, and only labelled pods reach it."""

from pathlib import PurePosixPath

from tests.deploy.manifests import BASE, containers, matches, objects, one

STATEFUL_SET = one(BASE, "StatefulSet", "kms")
POD = STATEFUL_SET["spec"]["template"]
(INIT,) = POD["spec"]["initContainers"]
(KMS,) = POD["spec"]["containers"]


def test_one_writer_and_a_volume_that_outlives_it() -> None:
    spec = STATEFUL_SET["spec"]
    assert spec["replicas"] == 1
    assert set(spec["persistentVolumeClaimRetentionPolicy"].values()) == {"Retain"}
    (claim,) = spec["volumeClaimTemplates"]
    mounted = {mount["name"]: mount["mountPath"] for mount in KMS["volumeMounts"]}
    assert claim["metadata"]["name"] in mounted


def test_secret_files_stand_below_the_folder_whose_modes_the_kubelet_widens() -> None:
    """The kubelet gives group access to all of a volume whose root is not as fsGroup wants it."""
    (claim,) = STATEFUL_SET["spec"]["volumeClaimTemplates"]
    for container in containers(POD):
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        root = PurePosixPath(mounts[claim["metadata"]["name"]])
        words = " ".join(container["args"]).split()
        folder = PurePosixPath(words[words.index("--dir") + 1])
        assert root in folder.parents
    assert POD["spec"]["securityContext"]["fsGroupChangePolicy"] == "OnRootMismatch"


def test_the_first_credentials_do_not_reach_the_pod_log() -> None:
    (script,) = INIT["args"]
    assert script.endswith(">/dev/null")


def test_the_service_reaches_the_port_that_the_kms_listens_on() -> None:
    service = one(BASE, "Service", "kms")
    (port,) = service["spec"]["ports"]
    (container_port,) = KMS["ports"]
    assert matches(service["spec"]["selector"], POD)
    assert port["targetPort"] == container_port["name"]
    assert port["port"] == container_port["containerPort"]
    assert KMS["args"][KMS["args"].index("--listen") + 1] == f"0.0.0.0:{port['port']}"


def test_only_labelled_pods_reach_the_kms_and_it_reaches_nobody() -> None:
    (policy,) = objects(BASE, "NetworkPolicy")
    spec = policy["spec"]
    assert matches(spec["podSelector"]["matchLabels"], POD)
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert spec.get("egress", []) == []
    (rule,) = spec["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"kms-client": "true"}}}]
    assert rule["ports"] == [{"protocol": "TCP", "port": KMS["ports"][0]["name"]}]


def test_a_node_can_be_drained() -> None:
    (budget,) = objects(BASE, "PodDisruptionBudget")
    assert matches(budget["spec"]["selector"]["matchLabels"], POD)
    assert budget["spec"]["maxUnavailable"] == 1
