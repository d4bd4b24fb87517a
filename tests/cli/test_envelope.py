# SPDX-License-Identifier: Apache-2.0
"""`sidecar envelope inspect`, as transcripts."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from sidecar.cli import cli
from sidecar.cli.envelope import MAX_SOURCE_LENGTH
from sidecar.envelope import lookup_key_id, seal, seal_equal, to_text

KEY = bytes(range(32))
SALT = bytes(range(24))
CMK_VERSION = "d03b5576-78af-4aca-8a32-7be23930e277"
EDK = CMK_VERSION.encode() + bytes(72)
PLAINTEXT = b'\x04"078-05-1120"'
RAW = seal(1, KEY, EDK, b"", SALT, PLAINTEXT)
SEALED = to_text(RAW)
FOREIGN = to_text(seal(2, KEY, b"an EDK", b"", SALT, PLAINTEXT))
EQUAL = to_text(seal_equal(KEY, lookup_key_id(EDK), b"", PLAINTEXT))


def inspect(*arguments: str, stdin: str | bytes = b""):
    return CliRunner().invoke(cli, ["envelope", "inspect", *arguments], input=stdin)


def test_one_value():
    done = inspect(SEALED)
    assert done.exit_code == 0
    assert done.output == (
        "TEXT 1\n"
        "  version      1\n"
        "  suite        1 cobblestone-256\n"
        "  key          EDK of 108 bytes\n"
        f"  CMK version  {CMK_VERSION}\n"
        f"  salt         {SALT.hex()}\n"
        "  body         86 bytes\n"
        "  plaintext    14 bytes\n"
    )


def test_a_deterministic_value_names_its_lookup_key():
    done = inspect(EQUAL)
    assert done.exit_code == 0
    assert done.output == (
        "TEXT 1\n"
        "  version      1\n"
        "  suite        3 aes-256-siv\n"
        "  key          lookup key\n"
        f"  lookup key   {lookup_key_id(EDK).hex()}\n"
        "  body         30 bytes\n"
        "  plaintext    14 bytes\n"
    )


def test_an_edk_of_another_kms_is_not_given_a_version():
    done = inspect(FOREIGN, "--json")
    assert json.loads(done.output) == [
        {
            "where": "TEXT 1",
            "version": 1,
            "suite": 2,
            "suite_name": "sm4-gcm-sm3",
            "key": "edk",
            "edk_bytes": 6,
            "salt": SALT.hex(),
            "body_bytes": 86,
            "plaintext_bytes": 14,
        }
    ]


def test_values_are_found_inside_a_document():
    document = {"hits": [{"ssn": SEALED, "name": "Ann"}, {"e mail": EQUAL, "n": 10**30}]}
    done = inspect(stdin=json.dumps(document, indent=2))
    assert done.exit_code == 0
    assert [line for line in done.output.splitlines() if line and line[0] != " "] == [
        "stdin $.hits[0].ssn",
        "stdin $.hits[1]['e mail']",
    ]


def test_values_are_found_in_lines_of_json_and_of_anything():
    lines = (
        f'{{"ssn":"{SEALED}"}}\nnothing here\nUPDATE t SET a=\'{EQUAL}\', b="{SEALED}"\n{SEALED}'
    )
    done = inspect("-", "--json", stdin=lines)
    assert done.exit_code == 0
    assert [facts["where"] for facts in json.loads(done.output)] == [
        "stdin line 1 $.ssn",
        "stdin line 3",
        "stdin line 3",
        "stdin line 4",
    ]


def test_files_hold_text_or_one_raw_envelope(tmp_path):
    raw, text = tmp_path / "object", tmp_path / "export.json"
    raw.write_bytes(RAW)
    text.write_text(json.dumps([SEALED]))
    done = inspect("--file", str(raw), "--file", str(text), "--json")
    assert done.exit_code == 0
    first, second = json.loads(done.output)
    assert (first.pop("where"), second.pop("where")) == (str(raw), f"{text} $[0]")
    assert first == second


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SEALED[:100], "an envelope is cut short"),
        (SEALED[:-3] + "===", "a sealed text is cut short or has stray bits"),
        (SEALED[:-4] + "+AAA", "a sealed text is not base64url without padding"),
        (SEALED + " ", None),
        (SEALED + "AAAA", None),
        (SEALED.replace("enc:1:", "enc:2:"), "a sealed text starts with enc:1:"),
        ("enc:1:AgEB", "an envelope is cut short"),
        ("enc:1:", "an envelope is cut short"),
    ],
)
def test_a_malformed_value_is_told_and_fails(text, why):
    done = inspect(text)
    assert done.exit_code == (1 if why else 0)
    assert (f"TEXT 1\n  malformed    {why}\n" == done.output) == bool(why)


def test_one_malformed_value_among_good_ones_fails_all():
    done = inspect(SEALED, SEALED[:50], EQUAL, "--json")
    assert done.exit_code == 1
    assert ["error" in facts for facts in json.loads(done.output)] == [False, True, False]


@pytest.mark.parametrize("text", ["", "nothing", '{"ssn":"078-05-1120"}', "null", "[" * 100_000])
def test_where_nothing_is_sealed_it_says_so_and_does_not_repeat_it(text):
    done = inspect(stdin=text)
    assert done.exit_code == 1
    assert done.output == "sidecar: no sealed value (enc:1:...) in what was given\n"


def test_a_deep_document_is_walked():
    done = inspect("--json", stdin="[" * 1200 + f'"{SEALED}"' + "]" * 1200)
    assert done.exit_code == 0
    assert json.loads(done.output)[0]["where"] == "stdin $" + "[0]" * 1200


def test_input_that_is_no_text_is_no_crash():
    done = inspect(stdin=b"\xff\xfe" + SEALED.encode() + b"\xff")
    assert done.exit_code == 0
    assert "cobblestone-256" in done.output


def test_a_file_too_long_to_look_into_is_not_looked_into_halfway(tmp_path):
    path = tmp_path / "export"
    with path.open("wb") as file:
        file.truncate(MAX_SOURCE_LENGTH + 1)
    done = inspect("--file", str(path))
    assert done.exit_code == 2
    assert f"holds more than {MAX_SOURCE_LENGTH} bytes" in done.output


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path):
    assert inspect("--file", str(tmp_path / "none")).exit_code == 2


def test_as_a_process():
    """The whole command line, with the exit code that a script sees."""
    main = "from sidecar.cli import main; main()"
    command = [sys.executable, "-c", main, "envelope", "inspect", "--json"]
    good = subprocess.run(command, input=SEALED, text=True, capture_output=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout)[0]["cmk_version"] == CMK_VERSION
    bad = subprocess.run(command, input="enc:1:!", text=True, capture_output=True, check=False)
    assert (bad.returncode, "error" in json.loads(bad.stdout)[0]) == (1, True)


def test_the_help_teaches():
    done = inspect("--help")
    assert done.exit_code == 0
    for words in ("enc:1:", "standard input", "Exit codes", "Nothing told here is proven"):
        assert words in " ".join(done.output.split())
