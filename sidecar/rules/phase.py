# SPDX-License-Identifier: Apache-2.0
"""The life of a rule: from watching, through accepting both forms, to enforcing."""

from enum import StrEnum


class Phase(StrEnum):
    """How far a rule's protection has been brought in.

    MONITOR changes nothing and reports; MIGRATE seals writes and accepts sealed and unsealed values
    on reads; ENFORCE seals writes and refuses unsealed values on reads.
    """

    MONITOR = "monitor"
    MIGRATE = "migrate"
    ENFORCE = "enforce"
