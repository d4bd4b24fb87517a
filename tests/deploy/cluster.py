# SPDX-License-Identifier: Apache-2.0
"""As much of a cluster as the README's commands need, on this machine and without containers.

The KMS runs by the StatefulSet's own commands over a folder that stands for the volume. `kubectl`
is a small stand-in: it carries out `exec` in that folder, lets the real kubectl make Secrets and
keeps them as the kubelet mounts them; what only a cluster can do it takes as done.
"""

import json
import os
import socket
import ssl
import subprocess
from pathlib import Path

from tests.deploy.manifests import BASE, BIN, one

MOUNTED = "/var/lib/sidecar"
NAMESPACE = "envelope-dev"
PORT = "28900"

KUBECTL = f"""\
#!/bin/bash
set -euo pipefail
case "$1 ${{2-}}" in
  "exec kms-0" | "exec -i")
    while [ "$1" != -- ]; do shift; done; shift
    cd "$VOLUME"; exec "$@" ;;
  "create secret")
    if [[ " $* " = *" --dry-run=client "* ]]; then exec '{BIN}/kubectl' "$@"; fi
    '{BIN}/kubectl' "$@" --dry-run=client -o yaml | "$0" apply -f - ;;
  "apply -f")
    '{BIN}/python' -c '
import base64, pathlib, sys, yaml
secret = yaml.safe_load(sys.stdin)
folder = pathlib.Path(sys.argv[1], secret["metadata"]["name"])
folder.mkdir(exist_ok=True)
for name, data in secret["data"].items():
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(base64.b64decode(data))
    path.chmod(0o440)
' "$SECRETS" ;;
  "get --raw") cat "$RAW$3" ;;
  "rollout status" | "rollout restart" | "apply -k" | "config set-context") ;;
  *) echo "kubectl $*: not known here" >&2; exit 1 ;;
esac
"""


class Cluster:
    """A KMS as the manifests start it, and Secrets as the README's commands make them."""

    def __init__(self, folder: Path) -> None:
        self.volume = folder / "volume"
        self.secrets = folder / "secrets"
        self.raw = folder / "raw"
        """What the API server answers, a file for each path."""
        programs = folder / "bin"
        for each in (self.volume, self.secrets, self.raw, programs):
            each.mkdir()
        for name, text in (("kubectl", KUBECTL), ("docker", "#!/bin/sh\n")):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        self._environment = {
            "PATH": f"{programs}:{BIN}:{os.environ['PATH']}",
            "NAMESPACE": NAMESPACE,
            "VOLUME": str(self.volume),
            "SECRETS": str(self.secrets),
            "RAW": str(self.raw),
        }
        self.initialize()
        self._listen = "127.0.0.1:0"
        self.start()

    @property
    def directory(self) -> Path:
        """The folder of the KMS on the volume."""
        return self.volume / "kms"

    def run(self, script: str) -> str:
        """What `script` prints, run as somebody types it."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def initialize(self) -> None:
        """What the init container does at each start."""
        (init,) = one(BASE, "StatefulSet", "kms")["spec"]["template"]["spec"]["initContainers"]
        (script,) = init["args"]
        assert self.run(script.replace(MOUNTED, str(self.volume))) == ""

    def start(self) -> None:
        """Serve, on the port of before where there was one."""
        (kms,) = one(BASE, "StatefulSet", "kms")["spec"]["template"]["spec"]["containers"]
        arguments = [word.replace(MOUNTED, str(self.volume)) for word in kms["args"]]
        arguments[arguments.index("--listen") + 1] = self._listen
        self._kms = subprocess.Popen(
            [BIN / "sidecar", *arguments], stdout=subprocess.PIPE, text=True, env=self._environment
        )
        assert self._kms.stdout is not None
        endpoint = json.loads(self._kms.stdout.readline())["endpoint"]
        self._listen = endpoint.partition("//")[2]
        # What the Service's address does in a cluster: lead to the port that it really has.
        credentials = self.directory / "credentials.json"
        credentials.write_text(credentials.read_text().replace(PORT, self.port))

    @property
    def port(self) -> str:
        return self._listen.rpartition(":")[2]

    def shake_hands(self, name: str, ca: Path) -> None:
        """Connect to the KMS as a client that knows it by `name`."""
        context = ssl.create_default_context(cafile=ca)
        with (
            socket.create_connection(("127.0.0.1", int(self.port)), timeout=10) as connection,
            context.wrap_socket(connection, server_hostname=name),
        ):
            pass

    def stop(self) -> None:
        self._kms.terminate()
        assert self._kms.wait(30) == 0
        assert self._kms.stdout is not None
        self._kms.stdout.close()
