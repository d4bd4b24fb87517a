# SPDX-License-Identifier: Apache-2.0
"""Where the rules in force come from, and under which conditions a set may be put in force.

read: files, once → their signature → not older than what held → rules
accept: when the set has been proved and is about to hold, its version is kept
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import NamedTuple

from sidecar.errors import Misconfigured
from sidecar.rules.files import RuleFile, read_files
from sidecar.rules.model import RuleSet
from sidecar.rules.reader import parse_rules
from sidecar.rules.trust.accepted import Accepted, read_accepted, write_accepted
from sidecar.rules.trust.keys import read_trust_keys
from sidecar.rules.trust.manifest import Manifest
from sidecar.rules.trust.verification import verify
from sidecar.strict_yaml import read_bytes

logger = logging.getLogger(__name__)

SIGNATURE = "rules.sig"


class Trust(NamedTuple):
    """Whose signature counts: a file of public keys; and the file with the version that held.

    Without `state` any version may hold.
    """

    keys: Path
    state: Path | None


class Offered(NamedTuple):
    """A set of rules that may be put in force; `signed` is None where no trust is asked for."""

    rule_set: RuleSet
    files: tuple[RuleFile, ...]
    signed: Manifest | None = None


class RuleSource(NamedTuple):
    """A file or a folder of rules; with `trust` only what is signed and not older is offered."""

    path: Path
    trust: Trust | None = None

    def read(self) -> Offered:
        """The set that stands there now; Misconfigured where it may not hold."""
        files = read_files(self.path)
        signed = None if self.trust is None else self._verified(self.trust, files)
        return Offered(parse_rules(files), files, signed)

    def accept(self, offered: Offered) -> None:
        """Keep the version of a set that is about to hold; Misconfigured where it cannot be."""
        signed = offered.signed
        if self.trust is None or self.trust.state is None or signed is None:
            return
        self._refuse_older(self.trust.state, signed)
        write_accepted(self.trust.state, Accepted(signed.version, signed.digest))
        logger.info("version %d of the signed rules holds from now on", signed.version)

    def _verified(self, trust: Trust, files: tuple[RuleFile, ...]) -> Manifest:
        place = signature_path(self.path)
        if not os.path.lexists(place):
            raise Misconfigured(f"{self.path}: not signed; sign it with: sidecar rules sign")
        keys = read_trust_keys(trust.keys)
        try:
            signed = verify(read_bytes(place), files, keys)
        except Misconfigured as error:
            raise Misconfigured(f"{place}: {error.why}") from None
        if trust.state is not None:
            self._refuse_older(trust.state, signed)
        return signed

    def _refuse_older(self, state: Path, signed: Manifest) -> None:
        held = read_accepted(state)
        if held is None or signed.version > held.version:
            return
        if signed.version < held.version:
            raise Misconfigured(
                f"{self.path}: version {signed.version} is older than {held.version}, which held "
                "already; to go back, sign the old rules with a higher version"
            )
        if signed.digest != held.digest:
            raise Misconfigured(
                f"{self.path}: another set than the one that held as version {held.version}; sign "
                "it with a higher version"
            )


def signature_path(path: Path) -> Path:
    """Where the signature of a folder or of a file of rules stands."""
    return path / SIGNATURE if path.is_dir() else path.with_name(f"{path.name}.sig")
