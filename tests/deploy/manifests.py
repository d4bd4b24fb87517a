# SPDX-License-Identifier: Apache-2.0
"""The rendered manifests as plain objects, and the few questions that the tests ask of them."""

import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

K8S = Path(__file__).parents[2] / "deploy" / "k8s"
BASE = K8S / "base"
DEV = K8S / "overlays" / "dev"
BIN = Path(sys.executable).parent

type Object = dict[str, Any]


@functools.cache
def rendered(folder: Path) -> str:
    """What `kubectl apply -k` would send for `folder`."""
    done = subprocess.run(
        [BIN / "kubectl", "kustomize", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(folder: Path, kind: str | None = None) -> list[Object]:
    """Fresh copies of the rendered objects, or those of one kind."""
    found = list(yaml.safe_load_all(rendered(folder)))
    return [each for each in found if kind in (None, each["kind"])]


def one(folder: Path, kind: str, name: str) -> Object:
    """The object called `name`, with or without the hash that kustomize appends."""
    pattern = re.compile(rf"{name}(-[a-z0-9]{{10}})?")
    named = [each for each in objects(folder, kind) if pattern.fullmatch(each["metadata"]["name"])]
    assert len(named) == 1, f"{len(named)} objects {kind} {name}"
    return named[0]


def pods(found: list[Object]) -> Iterator[tuple[str, Object]]:
    """Every pod template, by the name of what makes the pods."""
    for each in found:
        if "template" in each.get("spec", {}):
            yield each["metadata"]["name"], each["spec"]["template"]


def containers(pod: Object) -> Iterator[Object]:
    """Every container of a pod template, init containers first."""
    yield from pod["spec"].get("initContainers", [])
    yield from pod["spec"]["containers"]


def matches(selector: Object, pod: Object) -> bool:
    """Whether a set of labels selects a pod template."""
    return selector.items() <= pod["metadata"]["labels"].items()
