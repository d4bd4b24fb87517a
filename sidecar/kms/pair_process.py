# SPDX-License-Identifier: Apache-2.0
"""`python -m sidecar.kms.pair_process URI`: makes RSA pairs for the KMS core that started it.

A process of its own has its own hold on the PKCS#11 module, so the core's thread serves on while a
pair is being made. An order is a line of JSON on standard input, its outcome one on standard
output; the end of the input is the end. No secret travels: a private half stays in the token, or
comes sealed. What a killed process leaves is settled by the core, which named the pair before.
"""

import base64
import json
import os
import sys

from sidecar import core_dumps
from sidecar.hsm import HsmError, Pkcs11Uri, Token
from sidecar.kms.service.pair_making import PairKind, Purpose, make_rsa, name_in_token
from sidecar.kms.service.specs import Level

NICENESS = 10
"""Those who wait for a pair wait long anyway; the calls of all others come first."""


def main() -> None:
    """Serve orders until there are no more."""
    core_dumps.forbid()
    os.nice(NICENESS)
    token = Token(Pkcs11Uri.parse(sys.argv[1]))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_answer(token, json.loads(line))) + "\n")
        sys.stdout.flush()
    token.close()


def _answer(token: Token, order: list[str]) -> dict[str, str]:
    pair_id, key_spec, purpose, level = order
    kind = PairKind(key_spec, Purpose(purpose), Level(level))
    try:
        token.connect()
        made = make_rsa(token, pair_id, kind)
        if kind.level == Level.HSM:
            # Where the core has given the order up meanwhile, the next look destroys the pair.
            token.give_up(name_in_token(pair_id, kind.purpose))
    except HsmError as error:
        return {"why": error.why}
    told = {"public": base64.b64encode(made.public).decode("ascii")}
    if made.sealed is not None:
        told["sealed"] = base64.b64encode(made.sealed).decode("ascii")
    return told


if __name__ == "__main__":
    main()
