# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules explain`, as transcripts: what it tells, never tells, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from sidecar.cli import cli
from sidecar.cli.rules.explain import MAX_BYTES
from sidecar.errors import Misconfigured
from tests.rules.samples import FILE, write

CURL = """curl -X PUT http://crm.internal:8080/customers/c1 -H 'X-Tenant-Id: acme' \
--json '{"ssn": "canary-0001", "name": "canary"}'"""


def explain(folder: Path, request: str, *arguments: str) -> Result:
    command = ["rules", "explain", str(write(folder)), *arguments]
    return CliRunner().invoke(cli, command, input=request)


def test_a_request_is_told_from_its_rule_to_what_is_stored(tmp_path: Path) -> None:
    done = explain(tmp_path, CURL)
    assert done.exit_code == 0
    length = done.output.partition("enc:1:… of ")[2].partition(" ")[0]
    assert int(length) > 200
    assert done.output == (
        "PUT crm.internal:8080/customers/{…}, 40 bytes\n"
        f"  rule       customers (enforce), {tmp_path}/rules.yaml:3:5\n"
        "  request    sealed\n"
        f"    ssn: a text of 11 characters → enc:1:… of {length} characters\n"
        "      sealed\n"
        "      bound to store 'crm', collection 'customers', field 'ssn', tenant 'acme', "
        "record 'c1'\n"
    )


def test_values_are_told_only_to_whoever_asks(tmp_path: Path) -> None:
    for arguments in ((), ("--json",)):
        assert "canary" not in explain(tmp_path, CURL, *arguments).output
        assert "canary-0001" in explain(tmp_path, CURL, "--show-values", *arguments).output


def test_what_passes_in_clear_is_told_with_the_reason(tmp_path: Path) -> None:
    done = explain(tmp_path, CURL.replace("/customers/", "/customer/"))
    assert done.exit_code == 1
    assert "rule       none holds" in done.output
    assert "not customers: /customers/{id}: segment 1 of the path is another" in done.output
    assert "goes to the store in clear as it is" in done.output

    done = explain(tmp_path, CURL.replace('{"ssn"', '{"person": {"ssn"').replace('"}', '"}}'))
    assert "ssn is not in this request; a member of that name goes in clear at person.ssn" in (
        done.output
    )


def test_a_request_to_a_proxy_is_told_for_the_store_behind_it(tmp_path: Path) -> None:
    command = CURL.replace("crm.internal:8080", "127.0.0.1:18080")
    assert "say --to crm.internal:8080" in explain(tmp_path, command).output
    assert explain(tmp_path, command, "--to", "crm.internal:8080").exit_code == 0


def test_a_format_that_nobody_reads_is_told_with_those_that_are(tmp_path: Path) -> None:
    command = CURL.replace("--json", "-H 'Content-Type: text/x-vcard' -d")
    done = explain(tmp_path, command)
    assert done.exit_code == 1
    assert "refused: 415 unsupported_media_type" in done.output
    assert "Content-Types that are read: application/json" in done.output


def test_a_har_file_is_told_entry_by_entry(tmp_path: Path) -> None:
    entries = [
        {
            "request": {
                "method": "GET",
                "url": f"http://crm.internal:8080/customers/{number}",
                "headers": [{"name": "X-Tenant-Id", "value": "acme"}],
            },
            "response": {
                "status": 200,
                "headers": [{"name": "Content-Type", "value": "application/json"}],
                "content": {"text": f'{{"id":{number},"ssn":"canary"}}'},
            },
        }
        for number in (1, 2)
    ]
    entries.append({"request": {"method": "GET", "url": "data:,canary"}})
    har = json.dumps({"log": {"entries": entries}})
    done = explain(tmp_path, har)
    assert done.exit_code == 1
    assert "left out, because they asked no store: 1" in done.output
    assert done.output.count("answer     refused: 422 unsealed_stored_value") == 2
    assert "canary" not in done.output
    (told,) = json.loads(explain(tmp_path, har, "--entry", "2", "--json").output)
    assert told["answer"]["refused"]["code"] == "unsealed_stored_value"
    for entry, why in ((3, "entry 3 asked no store"), (4, "there is no entry 4, only 3")):
        done = explain(tmp_path, har, "--entry", str(entry))
        assert isinstance(done.exception, Misconfigured)
        assert done.exception.why == why


TOLD = """
from sidecar.cli import main
from sidecar.cli.migrate import progress
progress.LOG_SECONDS = 0
main()
"""


def test_a_long_file_is_told_how_far_it_is(tmp_path: Path) -> None:
    entry = {"request": {"method": "GET", "url": "http://crm.internal:8080/x"}}
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": [entry] * 4}}))
    command = ["rules", "explain", str(write(tmp_path)), str(tmp_path / "a.har")]
    done = subprocess.run(
        [sys.executable, "-c", TOLD, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "sidecar: explained: 3 requests (75%), " in done.stderr
    assert "explained" not in done.stdout


def test_what_is_too_long_is_never_told_in_part(tmp_path: Path) -> None:
    command = ["rules", "explain", str(write(tmp_path))]
    request = CURL.encode() + b" " * MAX_BYTES
    done = CliRunner().invoke(cli, command, input=request)
    assert isinstance(done.exception, Misconfigured)
    assert "more than 64 MiB" in done.exception.why


def test_an_entry_whose_answer_is_not_base64_is_left_out_and_never_called_fine(
    tmp_path: Path,
) -> None:
    content = {"mimeType": "image/png", "text": "canary é", "encoding": "base64"}
    request = {"method": "GET", "url": "http://crm.internal:8080/customers/1"}
    request["headers"] = [{"name": "X-Tenant-Id", "value": "acme"}]  # type: ignore[assignment]
    image = {"request": request, "response": {"status": 200, "content": content}}
    har = json.dumps({"log": {"entries": [{"request": request}, image]}})
    why = "got an answer that is not base64, though the file says so"
    assert explain(tmp_path, json.dumps({"request": request})).exit_code == 0
    done = explain(tmp_path, har)
    assert done.exit_code == 1
    assert f"left out, because they {why}: 1" in done.stderr
    assert "canary" not in done.output
    told, left_out = json.loads(explain(tmp_path, har, "--json").stdout)
    assert told["rule"] == "customers"
    assert left_out == {"left_out": why, "entries": 1}
    done = explain(tmp_path, har, "--entry", "2")
    assert isinstance(done.exception, Misconfigured)
    assert done.exception.why == f"entry 2 {why}"


def test_a_rule_that_only_watches_says_so(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_text(file.read_text() + "    phase: monitor\n")
    done = CliRunner().invoke(cli, ["rules", "explain", str(file)], input=CURL)
    assert "monitor: nothing of this happens yet" in done.output


def test_nonsense_is_told_without_echoing_it(tmp_path: Path) -> None:
    done = explain(tmp_path, "canary canary")
    assert isinstance(done.exception, Misconfigured)
    assert "canary" not in done.exception.why


def test_long_lists_are_cut_and_the_nearest_rules_come_first(tmp_path: Path) -> None:
    others = "".join(
        FILE.split("rules:\n")[1].replace("customers", f"a{n}").replace("crm", f"a{n}")
        for n in range(12)
    )
    file = write(tmp_path, FILE.replace("rules:\n", f"rules:\n{others}"))
    records = json.dumps([{"id": n, "ssn": "canary"} for n in range(30)])
    request = CURL.split(" --json", maxsplit=1)[0].replace("/c1", "") + f" --json '{records}'"
    done = CliRunner().invoke(cli, ["rules", "explain", str(file)], input=request)
    assert "  nor 4 more\n" in done.output
    assert done.output.endswith("    and 10 more\n")
    done = CliRunner().invoke(
        cli, ["rules", "explain", str(file)], input=request.replace("/customers", "/orders")
    )
    assert done.output.splitlines()[2].startswith("  not customers: /customers")
