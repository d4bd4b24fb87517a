# SPDX-License-Identifier: Apache-2.0
"""The README's tour, typed as it stands there, on ports that are free."""

import re
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TOUR = README[README.index("## Ten minutes") : README.index("## What it holds to")]
PORTS = ("28900", "2480", "8080", "9901")


def _free_ports(count: int) -> list[str]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _script(folder: Path) -> str:
    _, *blocks = re.findall(r"^```sh\n(.*?)^```$", TOUR, re.DOTALL | re.MULTILINE)
    script = "\n".join(blocks)
    script = script.replace("9901", "@ADMIN@")  # the default, which no line configures
    for port, free in zip(PORTS, _free_ports(len(PORTS)), strict=True):
        script = script.replace(port, free)
        if port == "28900":
            script = script.replace(
                "kms serve --dir kms", f"kms serve --dir kms --listen 127.0.0.1:{free}"
            )
            script = script.replace("kms call", f"kms call --endpoint http://127.0.0.1:{free}")
            script = script.replace(
                "{credentials_file:", f"{{endpoint: 'http://127.0.0.1:{free}', credentials_file:"
            )
        if port == "9901":
            script = script.replace("@ADMIN@", free)
            script = script.replace(
                "rules: rules.yaml\n",
                f"rules: rules.yaml\nadmin: {{listen: '127.0.0.1:{free}'}}\n",
                1,
            )
    return f"set -u\ncd {folder}\n{script}"


def test_the_tour_does_what_it_says(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", _script(tmp_path)],
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    said = done.stdout + done.stderr
    assert '"ssn":"078-05-1120","balance":1500.10' in done.stdout, said
    assert '"ssn":"enc:1:' in done.stdout, said
    assert '"balance":"enc:1:' in done.stdout, said
    assert "✗" not in said
    assert "GenerateDataKey" in said
    assert "verified: " in done.stdout, said
    assert "sidecar_sealed_values_total" in said
