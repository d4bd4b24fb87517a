# SPDX-License-Identifier: Apache-2.0
"""Whether a set of rules is what somebody trusted signed: every file of it, and none besides."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from cryptography.exceptions import InvalidSignature

from sidecar.errors import Misconfigured
from sidecar.rules.files import RuleFile
from sidecar.rules.trust.keys import TrustKey
from sidecar.rules.trust.manifest import Manifest, Signature, describe, parse_signature


def verify(data: bytes, files: Iterable[RuleFile], trusted: Collection[TrustKey]) -> Manifest:
    """The manifest of `files`, which the signature file `data` holds under a trusted key.

    Raises:
        Misconfigured: It is not signed so; `why` names the files that differ.
    """
    signature = parse_signature(data)
    _verify_bytes(signature, trusted)
    signed = signature.manifest
    found = describe(files, signed.version)
    if found != signed:
        raise Misconfigured(
            f"not the files that were signed: {_differences(signed, found)}; once they are "
            "reviewed, `sidecar rules sign` signs them anew"
        )
    return signed


def _verify_bytes(signature: Signature, trusted: Collection[TrustKey]) -> None:
    for each in trusted:
        if each.id == signature.key_id:
            try:
                each.key.verify(signature.value, signature.manifest.encode())
            except InvalidSignature:
                raise Misconfigured("the signature is not of its own text: altered") from None
            return
    known = ", ".join(each.id for each in trusted)
    raise Misconfigured(f"signed by key {signature.key_id}; trusted is {known}")


def _differences(signed: Manifest, found: Manifest) -> str:
    was, now = dict(signed.files), dict(found.files)
    kinds = {
        "altered": [name for name in was if name in now and was[name] != now[name]],
        "missing": [name for name in was if name not in now],
        "not signed": [name for name in now if name not in was],
    }
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)
