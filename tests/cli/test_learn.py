# SPDX-License-Identifier: Apache-2.0
"""`sidecar learn`, live and from files: what it prints, writes, refuses; nothing of any value."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from sidecar.rules import read_rules
from tests.fixtures.command import sidecar

CANARY = "CANARY-9f86d081"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@pytest.fixture
def store() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def configured(folder: Path, store: str) -> Path:
    config = folder / "sidecar.yaml"
    config.write_text(
        f"listeners: [{{listen: '127.0.0.1:0', upstream: 'http://{store}'}}]\nrules: rules.yaml\n"
    )
    return config


class Learning:
    """A `sidecar learn` that serves; inside the context."""

    def __init__(self, config: Path, *more: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "learn", "-c", str(config), *more],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert "learning at " in line, line
        self.url = "http://" + line.partition("learning at ")[2].partition(";")[0]

    def end(self, number: int | None = None) -> tuple[int, str, str]:
        """The exit code and both outputs, once it has ended."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def talk(url: str, times: int) -> None:
    with httpx.Client(headers={"X-Tenant-Id": f"{CANARY}-t"}) as client:
        for number in range(times):
            body = {"id": f"C-{number}", "email": f"{CANARY}-{number}@example.org", "note": CANARY}
            assert client.post(f"{url}/customers", json=body).json() == body


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_watches_until_it_is_told_to_end(
    tmp_path: Path, store: str, number: signal.Signals
) -> None:
    """No KMS, no rules yet: what it writes is the file that the configuration names."""
    learning = Learning(configured(tmp_path, store), "-o", str(tmp_path / "rules.yaml"))
    talk(learning.url, 6)
    code, out, err = learning.end(number)
    assert (code, out) == (0, "")
    (rule,) = read_rules(tmp_path / "rules.yaml").rules
    assert [str(item.path) for item in rule.fields] == ["email"]
    assert (rule.tenant_header, rule.record, rule.store.hosts) == ("x-tenant-id", "id", (store,))
    assert "6 requests to 1 host; 1 rule with 1 field" in err
    assert CANARY not in (tmp_path / "rules.yaml").read_text() + out + err
    assert not (tmp_path / "kms").exists()
    assert sidecar("rules", "check", tmp_path / "rules.yaml").returncode == 0


def test_it_ends_by_itself_after_so_many_requests(tmp_path: Path, store: str) -> None:
    learning = Learning(configured(tmp_path, store), "--requests", "5", "--json")
    talk(learning.url, 5)
    code, out, err = learning.end()
    report = json.loads(out)
    assert (code, report["requests"]) == (0, 5)
    (field,) = report["rules"][0]["fields"]
    assert (field["path"], field["kind"], field["seen"]) == ("email", "email", 10)
    assert CANARY not in out + err


def test_it_ends_by_itself_after_so_long(tmp_path: Path, store: str) -> None:
    code, out, _ = Learning(configured(tmp_path, store), "--for", "1s").end()
    assert code == 0
    assert "Nothing in it looks sensitive" in out


RULES = """\
version: 1
rules:
  - name: people
    store: {{name: crm, kind: rest, hosts: ["{store}"]}}
    routes: ["/customers"]
    cmk: alias/crm
    phase: {phase}
    fields: {{note: sealed}}
"""


def test_beside_rules_that_only_watch_it_tells_what_they_lack(tmp_path: Path, store: str) -> None:
    (tmp_path / "rules.yaml").write_text(RULES.format(store=store, phase="monitor"))
    learning = Learning(configured(tmp_path, store), "--requests", "5")
    talk(learning.url, 5)
    code, out, _ = learning.end()
    assert code == 0
    assert "#   rule 'people' holds these routes and leaves out email: " in out


@pytest.mark.parametrize("phase", ["migrate", "enforce"])
def test_beside_rules_that_act_it_refuses_to_run(tmp_path: Path, store: str, phase: str) -> None:
    (tmp_path / "rules.yaml").write_text(RULES.format(store=store, phase=phase))
    done = sidecar("learn", "-c", configured(tmp_path, store))
    assert (done.returncode, done.stdout) == (2, "")
    assert "the rules people seal and refuse, which `learn` does not" in done.stderr


def har(path: Path) -> Path:
    entries = [
        {
            "request": {
                "method": "POST",
                "url": "http://crm.example/customers",
                "postData": {
                    "mimeType": "application/json",
                    "text": json.dumps({"email": f"{CANARY}-{number}@example.org"}),
                },
            },
            "response": {"status": 201},
        }
        for number in range(4)
    ]
    entries.append({"request": {"method": "GET", "url": "data:,"}})
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


def test_it_learns_from_files(tmp_path: Path) -> None:
    files = [str(har(tmp_path / name)) for name in ("a.har", "b.har")]
    done = sidecar("learn", "--har", files[0], "--har", files[1])
    assert done.returncode == 0
    assert "8 requests to 1 host" in done.stdout
    assert "b.har: 1 entry left out, which asked no store" in done.stderr
    assert "email: sealed" in done.stdout
    assert CANARY not in done.stdout + done.stderr


def test_an_image_that_is_not_base64_costs_no_other_entry(tmp_path: Path) -> None:
    file = har(tmp_path / "a.har")
    log = json.loads(file.read_text())
    image = {"mimeType": "image/png", "text": f"{CANARY} \u00e9", "encoding": "base64"}
    log["log"]["entries"].insert(
        0,
        {
            "request": {"method": "GET", "url": "http://crm.example/logo"},
            "response": {"status": 200, "content": image},
        },
    )
    file.write_text(json.dumps(log))
    done = sidecar("learn", "--har", file, "--json")
    assert done.returncode == 0
    why = "got an answer that is not base64, though the file says so"
    assert f"a.har: 1 entry left out, which {why}" in done.stderr
    report = json.loads(done.stdout)
    assert report["entries_left_out"] == {why: 1, "asked no store": 1}
    assert (report["requests"], len(report["rules"])) == (4, 1)
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--har", "b.har"], "b.har: JSON, but neither a HAR file"),
        (["--har", "a.har", "--for", "1m"], "for live traffic"),
        (["--for", "soon"], "no duration such as"),
        (["--har", "a.har", "-o", "a.har"], "is there already"),
        (["--har", "a.har", "-o", "none/a.yaml"], "none is no folder that may be written to"),
        (["-c", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_usage_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    har(tmp_path / "a.har")
    (tmp_path / "b.har").write_text("{}")
    monkeypatch.chdir(tmp_path)
    done = sidecar("learn", *arguments)
    assert done.returncode == 2
    assert why in done.stderr
