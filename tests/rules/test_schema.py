# SPDX-License-Identifier: Apache-2.0
"""The schema for editors: what stands in schema.json is what the reader's tables say."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import sidecar.rules
from sidecar.errors import Misconfigured
from sidecar.rehearsal.trials.trees import from_yaml, to_json
from sidecar.rules import read_rules
from sidecar.rules.schema import generate
from sidecar.rules.tables import one_of, schema_of
from sidecar.strict_yaml import parse
from tests.rules.samples import FILE, write

STORED = Path(sidecar.rules.__file__).parent / "schema.json"
LANGUAGE = STORED.with_name("LANGUAGE.md").read_text(encoding="utf-8")
FOLDER = Path(__file__).parents[2] / "rules"
EXAMPLES = sorted(path for path in FOLDER.iterdir() if not path.match("*.test.yaml"))
VALIDATOR = Draft202012Validator(json.loads(generate()))
KEY = "bG9va3Vw"


def complaints(text: str) -> list[str]:
    """What the schema says about a file, as an editor would show it."""
    content = json.loads(to_json(from_yaml(parse(text.encode(), "rules.yaml"))))
    return [error.message for error in VALIDATOR.iter_errors(content)]


def test_the_stored_schema_is_the_generated_one() -> None:
    """Otherwise: sidecar rules schema > sidecar/rules/schema.json."""
    assert STORED.read_text(encoding="utf-8") == generate()


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(generate()))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_fits_and_names_the_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert complaints(text) == []
    (named,) = re.findall(r"^# yaml-language-server: \$schema=(.+)$", text, re.MULTILINE)
    assert (path.parent / named).resolve() == STORED.resolve()


def test_the_example_of_the_language_fits() -> None:
    (example,) = re.findall(r"```yaml\n(version.*?)```", LANGUAGE, re.DOTALL)[:1]
    assert complaints(example) == []


GOOD = [
    (),
    ("phase: migrate", "suite: sm4-gcm-sm3", "collection: Übung"),
    ("require: {$.command: '[a-z]*'}", "documents: {request: [$.params]}"),
    (f"lookup_keys: [{KEY}]", "      email: {search: equality, normalize: [trim], as: mail}"),
    (f"lookup_keys: [{KEY}]", "      card: {format: digits, keep_last: 4}"),
    ("      notes: {seal: json, null: seal}",),
    ("      email: {mask: {last: 4}}", "      notes: {seal: json, mask: hidden}"),
    ("      email: {mask: hidden}", "cleared: [{header: X-Role, any_of: [auditor]}]"),
]
BAD = [
    ("phase: forever",),
    ("lookup_keys: [no-base64]",),
    (f"lookup_keys: [{KEY}, {KEY}=, {KEY}==]",),
    ("tenants: {header: X}",),
    ("documents: {requests: [$]}",),
    ("require: {$.command: [a]}",),
    ("suite: rot13",),
    ("      email: encrypted",),
    ("      email: {search: equality, seal: json}",),
    ("      email: {search: all}",),
    ("      card: {format: digits, keep_last: 9}",),
    ("      email: {normalise: [trim]}",),
    ("      email: {mask: half}",),
    ("      email: {mask: {last: 9}}",),
    ("      email: {mask: {first: 4}}",),
    ("      email: {mask: hidden}", "cleared: [{header: X-Role}]"),
    ("      email: {mask: hidden}", "cleared: [{header: X-A, claim: a, any_of: [a]}]"),
    ("      email: {mask: hidden}", "cleared: [{user: X-Role, any_of: [a]}]"),
]


def in_file(lines: tuple[str, ...]) -> str:
    """A rule with more keys, and with more fields where a line is indented."""
    fields = [line for line in lines if line.startswith(" ")]
    keys = [f"    {line}" for line in lines if not line.startswith(" ")]
    head, rest = FILE.split("    fields:\n")
    return (
        head
        + "".join(f"{line}\n" for line in keys)
        + "    fields:\n"
        + rest
        + "".join(f"{line}\n" for line in fields)
    )


@pytest.mark.parametrize("lines", GOOD)
def test_what_the_reader_takes_fits(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert complaints(in_file(lines)) == []
    assert read_rules(write(tmp_path, in_file(lines)))


@pytest.mark.parametrize("lines", BAD)
def test_what_the_reader_refuses_is_marked(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert complaints(in_file(lines))
    with pytest.raises(Misconfigured):
        read_rules(write(tmp_path, in_file(lines)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("    cmk: alias/customers\n", ""),
        ("cmk: alias/customers", "cmk: customers"),
        ("kind: rest", "kind: soap"),
        ("crm.internal:8080", "http://crm.internal:8080"),
        ('"/customers", ', '"customers", '),
        ("name: customers", "name: two words"),
        ("header: X-Tenant-Id", "header: 'X Tenant'"),
    ],
)
def test_a_wrong_word_is_marked(tmp_path: Path, old: str, new: str) -> None:
    assert FILE.replace(old, new) != FILE
    assert complaints(FILE.replace(old, new))
    with pytest.raises(Misconfigured):
        read_rules(write(tmp_path, FILE.replace(old, new)))


def test_every_key_is_explained() -> None:
    """What an editor shows beside a key is what LANGUAGE.md says about it."""
    schema = json.loads(generate())
    rule = schema["properties"]["rules"]["items"]["properties"]
    assert rule["suite"]["description"].startswith("`cobblestone-256` or")
    assert all("description" in part for part in rule.values())


def test_a_reader_that_does_not_say_what_it_reads_is_found() -> None:
    assert schema_of(one_of(("a", "b"))) == {"enum": ["a", "b"]}
    with pytest.raises(TypeError, match="does not say"):
        schema_of(lambda entry: entry.text())


AGREED = FILE.replace("    fields:\n", f"    lookup_keys: [{KEY}]\n    fields:\n") + (
    "      email: {search: equality, normalize: [trim]}\n"
)
EMAIL = "{search: equality, normalize: [trim]}"
FIELDS = f"    fields:\n      ssn: sealed\n      email: {EMAIL}\n"
HOST = "crm.internal:8080"
RIGHT = [
    (HOST, "CRM.internal:65535"),
    (HOST, "[::1]:8080"),
    (HOST, "127.0.0.1:80"),
    (HOST, "a_b.2x:1"),
    ('"/customers"', '"GET|POST /kühe/**"'),
    ('"/customers"', '"/"'),
    ('"/customers"', '"/a/"'),
    ('"/customers"', '"/..a/.b/c."'),
    ("ssn: sealed", "\"['a b'][*]['it\\\\'s'].ü\": sealed"),
    ("ssn: sealed", '"$.a.b": {seal: json, mask: hash}'),
    ("record: id", "record: \"['@id']\""),
    (FIELDS, "    headers: {X-Phone: sealed, X-Mail: {seal: value}}\n"),
    (FIELDS, "    query: {mail: {search: equality, as: email}}\n"),
    (KEY, "QUFBQQ=="),
]
WRONG = [
    *((HOST, host) for host in ("crm", "crm:0", "crm:65536", "a b:80", "crm.:80", ":80")),
    *((HOST, host) for host in ("1.2.3.444:80", "1.2:80", "http://crm:80", "u@crm:80")),
    *(
        ('"/customers"', f"'{route}'")
        for route in ("customers", "/a/../b", "/./a", "/a//b", "/a?b", "/a;b", "/a%20b", "/a b")
    ),
    *(
        ('"/customers"', f"'{route}'")
        for route in ("/{id}.json", "/**/a", "/**/", "get /a", "GET,PUT /a", "/{a b}", "/a*", "*")
    ),
    *(("X-Tenant-Id", name) for name in ("Host", "CONTENT-TYPE", "'a b'", "''")),
    *((KEY, f"'{text}'") for text in ("bG9va3V", "bG9va3U", "bG9va3V=", "QUFBQR==", "QUFB" * 400)),
    *(
        (EMAIL, options)
        for options in (
            "{}",
            "{normalize: [trim]}",
            "{keep_last: 4}",
            "{format: digits, normalize: [trim]}",
            "{format: digits, null: seal}",
            "{seal: json, mask: {last: 4}}",
            "{search: equality, normalize: [upper]}",
            "{search: equality, normalize: [trim, trim]}",
        )
    ),
    *(
        ("ssn: sealed", f'"{path}": sealed')
        for path in ("", "a[0]", "[*].a", "$[*].a", "a..b", "..a", "a b", "a.", "a[*", "a.*", "a]")
    ),
    ("ssn: sealed", "ssn: true"),
    ("ssn: sealed", "ssn:"),
    (FIELDS, ""),
    *(
        (FIELDS, f"    {place}: {{{name}: {options}}}\n")
        for place, name, options in (
            ("headers", "Content-Length", "sealed"),
            ("headers", "Cookie", "sealed"),
            ("headers", "Content-Digest", "sealed"),
            ("headers", "X-A", "{seal: json}"),
            ("headers", "X-A", "{null: seal}"),
            ("cookies", "a b", "sealed"),
            ("path", "id", "sealed"),
            ("path", "id", "{seal: value}"),
            ("query", "q", "sealed"),
            ("query", "q", "{search: equality, mask: hidden}"),
        )
    ),
    *(("record: id", f"record: '{path}'") for path in ("", "a[*].b", "$", "a b")),
    *(
        ("record: id", f"documents: {{request: [{paths}]}}")
        for paths in ("$.a, $.a", "'a b'", "'a[1]'")
    ),
    ("record: id", "require: {'a b': x}"),
    ("record: id", 'collection: "a\\nb"'),
    ("record: id", "cleared: []"),
]


@pytest.mark.parametrize(("old", "new"), RIGHT)
def test_schema_and_reader_agree_on_what_is_right(tmp_path: Path, old: str, new: str) -> None:
    text = AGREED.replace(old, new, 1)
    assert text != AGREED
    assert complaints(text) == []
    assert read_rules(write(tmp_path, text))


@pytest.mark.parametrize(("old", "new"), WRONG)
def test_schema_and_reader_agree_on_what_is_wrong(tmp_path: Path, old: str, new: str) -> None:
    text = AGREED.replace(old, new, 1)
    assert text != AGREED
    assert complaints(text)
    with pytest.raises(Misconfigured):
        read_rules(write(tmp_path, text))
