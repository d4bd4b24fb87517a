# SPDX-License-Identifier: Apache-2.0
"""FORMAT.md says what the code does: its numbers, its headings, its worked example."""

import re
from pathlib import Path

import pytest

from sidecar import envelope
from sidecar.envelope import SUITES, Context, KeyKind, context, format_preserving
from tests.vectors import independent

PACKAGE = Path(envelope.__file__).parent
TEXT = (PACKAGE / "FORMAT.md").read_text()


def worked_example() -> dict[str, str]:
    block = re.search(r"## Worked example.*?```\n(.*?)```", TEXT, re.DOTALL)[1]
    joined = re.sub(r"\n {14}", "", block)
    return dict(re.split(r" *= ", line) for line in joined.splitlines() if line)


EXAMPLE = worked_example()
PLACE = Context("crm", "customers", "ssn", "acme", "42")
KEY, EDK, SALT, PLAINTEXT = (
    bytes.fromhex(EXAMPLE[name]) for name in ("data key", "EDK", "salt", "plaintext")
)


def test_the_worked_example_is_what_the_code_gives():
    assert envelope.value_to_plaintext(b'"078-05-1120"') == PLAINTEXT
    assert PLACE.encode().hex() == EXAMPLE["context"]
    sealed = envelope.seal(1, KEY, EDK, PLACE.encode(), SALT, PLAINTEXT)
    assert sealed.hex() == EXAMPLE["envelope"]
    assert envelope.to_text(sealed) == EXAMPLE["text"]
    assert envelope.lookup_key_id(EDK).hex() == EXAMPLE["key id"]
    key_id = bytes.fromhex(EXAMPLE["key id"])
    assert envelope.seal_equal(KEY, key_id, PLACE.encode(), PLAINTEXT).hex() == EXAMPLE["equality"]
    digits = envelope.protect(KEY, PLACE.encode(), "4111 1111 1111 1111", 4)
    assert digits == EXAMPLE["digits"]


def test_the_steps_of_the_worked_example_are_those_of_the_text():
    derived = independent._derive(1, KEY, SALT, PLACE.encode())
    assert [part.hex() for part in derived] == [
        EXAMPLE[name] for name in ("key", "base nonce", "commitment")
    ]
    assert independent.seal_aes_gcm(*derived[:2], PLAINTEXT).hex() == EXAMPLE["chunk"]


def test_the_table_of_suites_is_the_registry():
    row = r"^\| (\d+) \| `(.*?)` \| (\d) \| `(.*?)` \| (.*?) \| (\d+) \|"
    rows = re.findall(row, TEXT, re.MULTILINE)
    assert {int(row[0]): row[1:] for row in rows} == {
        suite.id: (
            suite.name,
            str(int(suite.key_kind)),
            suite.aead.decode(),
            suite.hash.name.upper().replace("SHA512", "SHA-512"),
            str(suite.cipher_key_length),
        )
        for suite in SUITES.values()
    }


@pytest.mark.parametrize(
    "row",
    [
        f"| EDK | {envelope.MAX_EDK_LENGTH} bytes |",
        f"| member of a context | {context.MAX_MEMBER_LENGTH} bytes |",
        f"({envelope.MAX_ENVELOPE_LENGTH} bytes)",
        f"| {format_preserving.MIN_DIGITS} to {format_preserving.MAX_DIGITS}, in a text of ",
        f"in a text of {format_preserving.MAX_TEXT_LENGTH} characters |",
    ],
)
def test_the_limits_are_those_of_the_code(row):
    assert row in TEXT.partition("## Limits")[2]


def test_the_overhead_is_what_the_text_says():
    edk = bytes(108)
    sealed = envelope.seal(1, KEY, edk, b"", SALT, PLAINTEXT)
    assert "77 bytes and the EDK" in TEXT
    assert len(sealed) == 77 + len(edk) + len(PLAINTEXT)
    assert f"11-digit string is {len(envelope.to_text(sealed))} characters as text" in re.sub(
        r"\s+", " ", TEXT
    )


def test_every_heading_that_code_cites_exists():
    headings = set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))
    cited = set()
    for path in PACKAGE.rglob("*.py"):
        cited |= set(re.findall(r'FORMAT\.md\s+section\s+"(.+?)"', path.read_text()))
    assert cited
    assert cited <= headings


def test_every_kind_of_key_reference_is_described():
    for kind in KeyKind:
        assert f"Kind {kind} " in TEXT


def test_the_face_of_the_package_is_all_of_it():
    shown = {name for name in vars(envelope) if not name.startswith("_")}
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert shown - modules <= set(envelope.__all__)
    assert set(envelope.__all__) <= shown
