# SPDX-License-Identifier: Apache-2.0
"""What to type where a rule names a CMK that the KMS does not have: CMKs never make themselves."""

from sidecar.config import EmbeddedKms, RemoteKms
from sidecar.errors import Misconfigured
from sidecar.rules import RuleSet


def explained(
    error: Misconfigured, kms: EmbeddedKms | RemoteKms, rule_set: RuleSet
) -> Misconfigured:
    """`error`, and how to make the CMK where it says that there is none under an alias."""
    aliases = {name for rule in rule_set.rules for name in (rule.cmk.seal, *rule.cmk.open)}
    missing = [alias for alias in aliases if error.why.startswith(f"CMK {alias} ")]
    if not missing or "Forbidden.AliasNotFound" not in error.why:
        return error
    if isinstance(kms, EmbeddedKms):
        place = f"--dir {kms.directory}"
        lines = [
            f"sidecar kms serve {place} &",
            f"until sidecar kms call {place} ListKeys >/dev/null 2>&1; do sleep 0.2; done",
            *_calls(place, missing[0]),
            "kill %1",
        ]
        how = "make it, and start again"
    else:
        place = f"--credentials ADMINISTRATOR.json --endpoint {kms.endpoint}"
        lines = _calls(place, missing[0])
        how = "make it, with an access key that may, and start again"
    return Misconfigured("\n  ".join([f"{error.why}; {how}:", *lines]))


def _calls(place: str, alias: str) -> list[str]:
    return [
        f"sidecar kms call {place} CreateKey      # it answers with a KeyId",
        f"sidecar kms call {place} CreateAlias AliasName={alias} KeyId=…",
    ]
