# SPDX-License-Identifier: Apache-2.0
"""`sidecar ca export`, and what it tells applications, each followed by a real client."""

import asyncio
import json
import os
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from cryptography import x509

from sidecar.proxy import Forward
from sidecar.proxy.interception.certificates import hosts_of
from tests.fixtures.authority import Authority
from tests.fixtures.command import sidecar
from tests.fixtures.origin import Origin
from tests.proxy.rig import answer
from tests.proxy.test_forward import forwarding

BODY = b"plain"

PYTHON = """
import sys, urllib.request, httpx, requests
url = sys.argv[1]
print(requests.put(url, data="plain", timeout=20).text)
print(httpx.put(url, content="plain", timeout=20).text)
request = urllib.request.Request(url, b"plain", method="PUT")
print(urllib.request.urlopen(request, timeout=20).read().decode())
"""
NODE = """
const [url, proxy] = [new URL(process.argv[2]), new URL(process.env.HTTPS_PROXY)];
const hop = {host: proxy.hostname, port: proxy.port, headers: {host: url.host}};
const ask = require("http").request({...hop, method: "CONNECT", path: url.host});
ask.on("connect", (answer, socket) => {
  const tls = require("tls").connect({socket, servername: url.hostname});
  require("https").request(url, {method: "PUT", createConnection: () => tls},
    (found) => found.on("data", (data) => console.log(data.toString()))).end("plain");
});
ask.end();
"""
JAVA = """
import java.net.*;
public class Client {
  public static void main(String[] arguments) throws Exception {
    var connection = (HttpURLConnection) new URL(arguments[0]).openConnection();
    connection.setRequestMethod("PUT");
    connection.setDoOutput(true);
    connection.getOutputStream().write("plain".getBytes());
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}
"""
CLIENTS: Mapping[str, tuple[str, str, int]] = {
    "python": (PYTHON, f"{sys.executable} client.py @URL@", 3),
    "curl": ("", "curl -sS -m 20 -X PUT --data plain @URL@", 1),
    "node": (NODE, "node client.py @URL@", 1),
    "java": (JAVA, "cp client.py Client.java; java -Dhttp.nonProxyHosts= Client.java @URL@", 1),
}
"""A program, how it is run and how many times it asks, by the language whose lines come before."""
PRESENT = sorted(name for name in CLIENTS if name == "python" or shutil.which(name))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Origin]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority(tmp_path, "stores").issue("localhost"))
    async with Origin(context) as origin:
        origin.answer = answer(b"SEALED")
        yield origin


def write(folder: Path, store: str, listen: str = "127.0.0.1:0", more: str = "") -> Path:
    (folder / "rules.yaml").write_text(
        "version: 1\nrules:\n  - name: customers\n"
        f"    store: {{name: crm, kind: rest, hosts: ['{store}']}}\n"
        "    routes: ['/customers/{id}']\n    cmk: alias/c\n    record: id\n"
        "    fields: {ssn: sealed}\n"
    )
    config = folder / "sidecar.yaml"
    config.write_text(
        f"listeners: [{{listen: '{listen}', mode: forward}}]\nrules: rules.yaml\n{more}"
    )
    return config


@pytest.mark.parametrize("language", PRESENT)
async def test_what_is_told_works(tmp_path: Path, store: Origin, language: str) -> None:
    """Trusted is what the lines say, reached by the proxy that they name, sealed on its way."""
    host = f"localhost:{store.port}"
    program, run, times = CLIENTS[language]
    (tmp_path / "client.py").write_text(program)
    async with forwarding(tmp_path, host, forward=Forward(ca=tmp_path / "stores.pem")) as rig:
        config = write(tmp_path, host, f"127.0.0.1:{rig.host.addresses[0][1]}")
        lines = (
            await asyncio.to_thread(sidecar, "ca", "export", "-c", config, "--for", language)
        ).stdout
        script = f"set -e\n{lines}\nunset NO_PROXY no_proxy\n{run}"
        shell = await asyncio.create_subprocess_exec(
            *("sh", "-c", script.replace("@URL@", f"https://{host}/held")),
            cwd=tmp_path,
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(shell.communicate(), 100)
    assert out.split() == [BODY] * times, err.decode()
    assert [request.body for request in store.complete] == [b"SEALED"] * times


def test_the_certificate_is_made_and_is_good_for_ruled_hosts_alone(tmp_path: Path) -> None:
    config = write(tmp_path, "crm.test:443")
    printed = sidecar("ca", "export", "-c", config)
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == (tmp_path / "ca" / "cert.pem").read_text()
    certificate = x509.load_pem_x509_certificate(printed.stdout.encode())
    assert hosts_of(certificate) == {"crm.test"}
    facts = json.loads(sidecar("ca", "export", "-c", config, "--json").stdout)
    assert facts["pem"] == printed.stdout
    assert facts["not_after"] == certificate.not_valid_after_utc.isoformat()


def test_it_is_written_to_a_file_alone_or_behind_the_authorities_of_the_machine(
    tmp_path: Path,
) -> None:
    config, out = write(tmp_path, "crm.test:443"), tmp_path / "out.pem"
    for option, is_alone in (("--json", True), ("--bundle", False)):
        done = sidecar("ca", "export", "-c", config, "--out", out, option)
        assert done.returncode == 0, done.stderr
        assert (out.read_text().count("BEGIN CERTIFICATE") == 1) is is_alone
        assert out.read_bytes().endswith((tmp_path / "ca" / "cert.pem").read_bytes())


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    out = tmp_path / "none" / "out.pem"
    done = sidecar("ca", "export", "-c", write(tmp_path, "crm.test:443"), "--out", out)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"sidecar: {out}: cannot be written: No such file or directory\n"


def test_a_ca_from_files_is_what_is_trusted(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("crm.test")
    config = write(tmp_path, "crm.test:443", more=f"ca: {{cert: {pair.cert}, key: {pair.key}}}\n")
    done = sidecar("ca", "export", "-c", config)
    assert done.returncode == 2
    assert "the first certificate is not one of a CA" in done.stderr


def test_instructions_need_somebody_to_trust(tmp_path: Path) -> None:
    config = write(tmp_path, "crm.test:443")
    config.write_text(config.read_text().replace("mode: forward", "upstream: kms"))
    done = sidecar("ca", "export", "-c", config, "--for", "go")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no listener has `mode: forward`" in done.stderr
