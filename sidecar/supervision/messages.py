# SPDX-License-Identifier: Apache-2.0
"""What a supervisor and its workers tell each other. Nothing in it is secret (law 5).

    supervisor              worker
    Begin                →                the configuration, and where the KMS answers
    Prepare              →                a set of rules; keys and certificates are proved with it
                         ←  Prepared, or Rejected with its sentence
    Commit               →                go by it from the next message on; the first opens doors
                         ←  Committed
    Report               →
                         ←  Reported      every counter
    Drain                →                finish what is under way; Leaving comes back
                         ←  Leaving       it accepts no more, because it was told to or by a signal
    Cut                  →                end at once

A set has a number, its generation, that rises with each that is offered. Files are named and
certificates and credentials read by each worker itself: their contents do not travel.
"""

from pathlib import Path

from msgspec import Struct

from sidecar.rules import RuleFile
from sidecar.telemetry import Reading


class Begin(Struct, frozen=True, tag=True):
    """The first message: `sidecar.yaml` as it was when the supervisor started."""

    path: str
    document: bytes
    kms_endpoint: str
    descriptors: list[list[int]]
    """Of each listener its listening sockets."""
    admin: tuple[str, int]
    """Where the supervisor answers operators."""


class Prepare(Struct, frozen=True, tag=True):
    generation: int
    files: list[tuple[str, bytes]]

    @classmethod
    def of(cls, generation: int, files: tuple[RuleFile, ...]) -> "Prepare":
        """The message for files that were read."""
        return cls(generation, [(str(file.path), file.data) for file in files])

    def rule_files(self) -> tuple[RuleFile, ...]:
        """What was read, under the names that errors carry."""
        return tuple(RuleFile(Path(path), data) for path, data in self.files)


class Commit(Struct, frozen=True, tag=True):
    generation: int


class Report(Struct, frozen=True, tag=True):
    pass


class Drain(Struct, frozen=True, tag=True):
    pass


class Cut(Struct, frozen=True, tag=True):
    pass


class Prepared(Struct, frozen=True, tag=True):
    generation: int


class Rejected(Struct, frozen=True, tag=True):
    generation: int
    why: str


class Committed(Struct, frozen=True, tag=True):
    generation: int


class Reported(Struct, frozen=True, tag=True):
    readings: list[Reading]


class Leaving(Struct, frozen=True, tag=True):
    pass


type ToWorker = Begin | Prepare | Commit | Report | Drain | Cut
type ToSupervisor = Prepared | Rejected | Committed | Reported | Leaving
