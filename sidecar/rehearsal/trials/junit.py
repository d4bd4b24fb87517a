# SPDX-License-Identifier: Apache-2.0
"""What came of the cases, in the XML that CI systems read (JUnit; one `testcase` a case)."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

from sidecar.errors import Misconfigured
from sidecar.rehearsal.trials.run import Run


def write_junit(path: Path, run: Run) -> None:
    """Write `run` into the file at `path`; Misconfigured where that cannot be."""
    counts = {"tests": str(len(run.results)), "failures": str(run.failed), "errors": "0"}
    root = Element("testsuites", counts)
    suite = SubElement(root, "testsuite", {"name": "sidecar rules test", **counts})
    for result in run.results:
        file, _, place = result.where.partition(":")
        line = place.partition(":")[0]
        about = {"classname": file, "name": result.name, "file": file, "line": line}
        case = SubElement(suite, "testcase", about)
        if result.problems:
            failure = SubElement(case, "failure", {"message": result.problems[0]})
            failure.text = "\n".join(result.problems)
    try:
        ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be written: {error.strerror}") from None
