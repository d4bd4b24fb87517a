# SPDX-License-Identifier: Apache-2.0
"""The HSM floor: a PKCS#11 token on one thread of its own.

`HsmThread(Pkcs11Uri.parse(...))` opens a token; `softhsm.provision(folder)` makes one.
`making` has the kinds of keys that a token makes, `rsa` and `signatures` what is done with them,
and `probing` tells which of them this token can hold.
"""

from sidecar.hsm import making, probing, rsa, signatures, softhsm
from sidecar.hsm.errors import BadCiphertext, HsmError, HsmUnavailable, KeyMissing
from sidecar.hsm.thread import HsmThread
from sidecar.hsm.token import Token
from sidecar.hsm.uri import Pkcs11Uri

__all__ = [
    "BadCiphertext",
    "HsmError",
    "HsmThread",
    "HsmUnavailable",
    "KeyMissing",
    "Pkcs11Uri",
    "Token",
    "making",
    "probing",
    "rsa",
    "signatures",
    "softhsm",
]
