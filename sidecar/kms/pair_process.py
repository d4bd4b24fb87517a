# SPDX-License-Identifier: Apache-2.0
"""`python -m sidecar.kms.pair_process URI`: makes RSA pairs for the KMS core that started it.

A process of its own has its own hold on the PKCS#11 module, so the core's thread serves on while a
pair is being made. An order is a line of JSON on standard input, its outcome one on standard
output. No secret travels: a private half stays in the token, or comes sealed.

The end of the input, which is that of the core as well, is the end: also of a pair that is being
made, and of a module that hangs. What a killed process leaves is settled by the core, which named
the pair before.
"""

import base64
import contextlib
import json
import os
import sys
import threading
import time
from queue import SimpleQueue

from sidecar import core_dumps
from sidecar.hsm import HsmError, Pkcs11Uri, Token
from sidecar.kms.service.rsa_pairs import PairKind, Purpose, make_rsa, name_in_token
from sidecar.kms.service.specs import Level

NICENESS = 10
"""Those who wait for a pair wait long anyway; the calls of all others come first."""
GRACE_SECONDS = 2.0
"""How long after its end a call of the module may go on."""

_END = ""


def main() -> None:
    """Serve orders until there are no more."""
    core_dumps.forbid()
    os.nice(NICENESS)
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a module prints is no answer
    orders: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_read, args=(orders,), daemon=True).start()
    token = Token(Pkcs11Uri.parse(sys.argv[1]))
    for order in iter(orders.get, _END):
        answer = json.dumps(_answer(token, json.loads(order))) + "\n"
        with contextlib.suppress(BrokenPipeError):  # whoever asked is gone
            os.write(answers, answer.encode())
    token.close()


def _read(orders: SimpleQueue[str]) -> None:
    """Hand the orders on; after the last nothing keeps this process, whatever its call is in."""
    for line in sys.stdin:
        orders.put(line)
    orders.put(_END)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


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
