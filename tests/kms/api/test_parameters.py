# SPDX-License-Identifier: Apache-2.0
"""Parameters are read strictly, and no refusal repeats what was given."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.api.parameters import (
    COMMON,
    Arguments,
    Parameter,
    base64_up_to,
    boolean,
    integer,
    json_list,
    one_of,
    text_up_to,
)
from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import parse_context

COUNT = Parameter("Count", integer(1, 10), default=3, audited=True)
SECRET = Parameter("Secret", base64_up_to(4))
CANARY = "Y2FuYXJ5LWNhbmFyeQ=="


def refused(given: dict[str, str]) -> Fault:
    with pytest.raises(Fault) as caught:
        Arguments((COUNT, SECRET), given)
    assert "canary" not in caught.value.message.lower()
    assert CANARY not in caught.value.message
    return caught.value


def test_values_are_read_and_what_is_absent_has_its_default() -> None:
    arguments = Arguments((COUNT, SECRET), {"Secret": "aGk=", "Format": "JSON"})
    assert (arguments[COUNT], arguments[SECRET]) == (3, b"hi")
    arguments = Arguments((COUNT, SECRET), {"Secret": "aGk=", "Count": "10"})
    assert arguments[COUNT] == 10


def test_only_what_is_declared_as_such_is_audited() -> None:
    arguments = Arguments((COUNT, SECRET), {"Secret": "aGk=", "Count": "10"})
    assert arguments.audited == {"Count": "10"}


def test_refusals_name_the_parameter_and_nothing_else() -> None:
    assert '"Secret"' in refused({"Count": "3"}).message
    assert '"Secret"' in refused({"Secret": ""}).message
    assert '"Secret"' in refused({"Secret": CANARY}).message
    assert '"Count"' in refused({"Secret": "aGk=", "Count": "canary"}).message
    assert '"Other"' in refused({"Secret": "aGk=", "Other": "canary"}).message
    assert "unprintable" in refused({"Secret": "aGk=", "\ncanary": "x"}).message


@pytest.mark.parametrize("text", ["0", "11", "-1", "+1", "1.0", " 1", "1 ", "٣", "1e1", "9" * 50])
def test_integers_are_plain_digits_in_their_bounds(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
        integer(1, 10)(text)


def test_booleans_are_what_python_sends() -> None:
    assert [boolean(text) for text in ("true", "True", "false", "False")] == [
        True,
        True,
        False,
        False,
    ]
    for text in ("1", "yes", "tru", "true "):
        with pytest.raises(ValueError):  # noqa: PT011 - that is what readers raise
            boolean(text)


@given(st.text(max_size=12))
def test_readers_read_or_raise_value_error(text: str) -> None:
    for read in (base64_up_to(4), boolean, integer(0, 9), one_of("a"), text_up_to(5)):
        try:
            read(text)
        except ValueError:
            continue


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_no_action_audits_what_may_hold_a_secret(action) -> None:
    audited = {parameter.name for parameter in action.parameters if parameter.audited}
    assert not audited & {"Plaintext", "CiphertextBlob", "Description", "Policy", "Tags"}
    names = [parameter.name for parameter in action.parameters]
    assert len(set(names)) == len(names)
    assert not COMMON & set(names)


LIST = Parameter("Id", json_list, default=[], is_repeated=True)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({}, []),
        ({"Id.1": "a"}, ["a"]),
        ({"Id.2": "b", "Id.1": "a", "Id.10": "c"}, ["a", "b", "c"]),
        (
            {"Id.1.Key": "k", "Id.1.Value": "v", "Id.3.Key": ""},
            [{"Key": "k", "Value": "v"}, {"Key": ""}],
        ),
    ],
)
def test_a_numbered_list_is_one_parameter(texts: dict[str, str], expected: list[object]) -> None:
    assert Arguments((LIST,), texts)[LIST] == expected


@pytest.mark.parametrize(
    "texts",
    [
        {"Id.0": "a"},
        {"Id.01": "a"},
        {"Id.99999": "a"},
        {"Id.1": "a", "Id.1.Key": "k"},
        {"Id.1.Key.More": "k"},
        {"Id": "[]", "Id.1": "a"},
        {"Other.1": "a"},
    ],
)
def test_what_is_no_such_list_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(Fault) as caught:
        Arguments((LIST,), texts)
    assert caught.value.fault_code == "InvalidParameter"


CONTEXT: Parameter[dict[str, str]] = Parameter("Context", parse_context, default={}, is_map=True)


@pytest.mark.parametrize("context", [{"a": "b"}, {"a.b": "c", "": "", "名": 'é"&='}, {}])
def test_a_map_is_read_from_its_json_and_from_its_members(context: dict[str, str]) -> None:
    whole = Arguments((CONTEXT,), {"Context": json.dumps(context)})
    members = Arguments((CONTEXT,), {f"Context.{name}": text for name, text in context.items()})
    assert whole[CONTEXT] == members[CONTEXT] == context


def test_a_map_has_one_reading() -> None:
    """Attack: what is sealed under one context is checked under the other."""
    with pytest.raises(Fault, match="Context"):
        Arguments((CONTEXT,), {"Context": '{"a":"b"}', "Context.a": "c"})
    with pytest.raises(Fault, match=r"Count\.a"):
        Arguments((CONTEXT, COUNT), {"Count.a": "1"})
