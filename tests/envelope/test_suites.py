# SPDX-License-Identifier: Apache-2.0
"""The registry of suites: what was given out stays, and nothing is given out twice."""

import subprocess
import sys

from sidecar.envelope import DEFAULT_SUITE, SEALING_SUITES, SUITES, KeyKind

ANOTHER_MODULE = """
import sys
from sidecar.envelope import suites
suites.__path__.append(sys.argv[1])
suites._find()
"""


def test_ids_and_names_are_for_ever():
    """Changing a line here makes stored values unreadable (law 7); add lines only."""
    assert {suite.id: (suite.name, suite.aead, suite.key_kind) for suite in SUITES.values()} == {
        1: ("cobblestone-256", b"AEAD_AES_256_GCM", KeyKind.EDK),
        2: ("sm4-gcm-sm3", b"AEAD_SM4_GCM", KeyKind.EDK),
        3: ("aes-256-siv", b"AEAD_AES_SIV_CMAC_512", KeyKind.LOOKUP),
    }
    assert SEALING_SUITES == {"cobblestone-256": 1, "sm4-gcm-sm3": 2}
    assert DEFAULT_SUITE == 1


def test_an_id_that_is_taken_is_refused_by_name(tmp_path):
    twin = "from sidecar.envelope.suites.cobblestone_256 import SUITE\n"
    (tmp_path / "twin.py").write_text(twin)
    command = [sys.executable, "-c", ANOTHER_MODULE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == "ImportError: suite id 1 is taken: cobblestone-256, cobblestone-256"
