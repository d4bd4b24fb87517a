# SPDX-License-Identifier: Apache-2.0
"""The XML that CI systems read."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sidecar.errors import Misconfigured
from sidecar.rehearsal.trials import Result, Run, write_junit

RUN = Run(
    (
        Result("good", "rules/a.test.yaml:3:5", ()),
        Result('bad <&">', "rules/a.test.yaml:9:5", ("$.ssn is missing", "two")),
    ),
    {},
)


def test_every_case_is_one_with_its_place(tmp_path: Path) -> None:
    write_junit(tmp_path / "report.xml", RUN)
    root = ET.parse(tmp_path / "report.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    good, bad = root.iter("testcase")
    assert (good.get("classname"), good.get("line")) == ("rules/a.test.yaml", "3")
    assert list(good) == []
    assert bad.get("name") == 'bad <&">'
    (failure,) = bad
    assert (failure.get("message"), failure.text) == ("$.ssn is missing", "$.ssn is missing\ntwo")


def test_a_report_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be written: No such file"):
        write_junit(tmp_path / "gone" / "report.xml", RUN)
