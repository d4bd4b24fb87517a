# SPDX-License-Identifier: Apache-2.0
"""What one core of the KMS does in a second: `python -m bench.kms`.

The server runs on one core and the load on another. Every request is signed and its signature
verified, the caller's policies are asked, the token does the work, and the audit record is on the
disk before the answer. moto's KMS server does none of the four, and runs beside it in turns on the
same core. Latencies are taken at half of the rate that was reached, from the moment at which a
request was due.

Growth is measured on a second KMS with 200 CMKs of 50 versions each and as many audit records as
`--records` says (10 million), written as the KMS itself writes them.
"""

import base64
import json
import pickle
import secrets
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.kms import ALIAS, Kms, pinned
from bench.kms.growth import grow
from bench.kms.moto import Moto
from bench.rounds import Figure, interleave, parser, report
from sidecar.signing import AccessKey, Request, acs3

KMS_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 64
"""As many as the client of a sidecar has."""
SECONDS = 2.0
ROUNDS = 3
ACTIONS = ("GenerateDataKey", "Decrypt", "Encrypt", "AsymmetricSign")
RECORDS = 10_000_000


def sign(kms: Kms, action: str, parameters: dict[str, str], count: int) -> list[bytes]:
    """Requests as the vendor's SDK sends them, each with a nonce of its own."""
    written = json.loads((kms.directory / "credentials.json").read_bytes())
    key = AccessKey(written["access_key_id"], written["access_key_secret"])
    headers = (
        (b"host", b"kms"),
        (b"x-acs-action", action.encode()),
        (b"x-acs-version", b"2016-01-20"),
    )
    request = Request("POST", query=tuple(parameters.items()), headers=headers)
    now = time.time()
    return [_wire(acs3.sign(request, key, now=now, nonce=_nonce())) for _ in range(count)]


def _nonce() -> str:
    return secrets.token_hex(16)


def _wire(request: Request) -> bytes:
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers)
    return f"POST {request.target} HTTP/1.1\r\n".encode() + lines + b"content-length: 0\r\n\r\n"


def load(port: int, requests: list[bytes], rate: float = 0.0) -> dict[str, float]:
    """What became of the requests; raise where one failed."""
    words = [sys.executable, Path(__file__).with_name("calls.py"), port, CONNECTIONS, rate]
    command = pinned(LOAD_CORE, *words)
    done = subprocess.run(command, input=pickle.dumps(requests), stdout=subprocess.PIPE, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    if told["failed"]:
        raise RuntimeError(f"{told['failed']} of {told['requests']} requests failed")
    return told


class Ours:
    """The requests of each action to one KMS."""

    def __init__(self, kms: Kms) -> None:
        self._kms = kms
        self.port = int(kms.endpoint.rpartition(":")[2])
        pair = kms.call("CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")["KeyMetadata"]
        text = base64.b64encode(bytes(32)).decode()
        blob = kms.call("Encrypt", KeyId=ALIAS, Plaintext=text)["CiphertextBlob"]
        signing = {"KeyId": pair["KeyId"], "KeyVersionId": pair["PrimaryKeyVersion"]}
        self._parameters = {
            "GenerateDataKey": {"KeyId": ALIAS, "KeySpec": "AES_256"},
            "Decrypt": {"CiphertextBlob": blob},
            "Encrypt": {"KeyId": ALIAS, "Plaintext": text},
            "AsymmetricSign": signing | {"Algorithm": "ECDSA_SHA_256", "Digest": text},
        }

    def requests(self, action: str, count: int) -> list[bytes]:
        return sign(self._kms, action, self._parameters[action], count)


def per_second(server: Ours | Moto, action: str) -> float:
    """Requests a second that it answers, after a short run that tells how many to make."""
    trial = load(server.port, server.requests(action, 200))
    count = max(200, int(SECONDS * trial["requests"] / trial["seconds"]))
    told = load(server.port, server.requests(action, count))
    return told["requests"] / told["seconds"]


def p99_at(server: Ours, action: str, rate: float) -> float:
    return load(server.port, server.requests(action, int(rate * 2 * SECONDS)), rate)["p99"]


def measure(records: int) -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        work = Path(name)
        ours = Ours(ends.enter_context(Kms(work / "kms", KMS_CORE)))
        moto = ends.enter_context(Moto(work, KMS_CORE))
        for action in ACTIONS:
            both = {"ours": partial(per_second, ours, action)}
            both["moto"] = partial(per_second, moto, action)
            samples = interleave(both, ROUNDS)
            is_goal = action in ("GenerateDataKey", "Decrypt")
            found += [
                Figure(
                    f"{action}, ours",
                    samples.median("ours"),
                    "/s",
                    at_least=1000 if action == "GenerateDataKey" else None,
                ),
                Figure(f"{action}, moto", samples.median("moto"), "/s"),
                Figure(
                    f"{action}, ours / moto",
                    samples.ratio("ours", "moto"),
                    "x",
                    at_least=1.0 if is_goal else None,
                ),
            ]
            p99 = p99_at(ours, action, samples.median("ours") / 2)
            at_most = 10.0 if action == "GenerateDataKey" else None
            found.append(Figure(f"{action}, p99 at half of it", p99, "ms", at_most=at_most))
        if records:
            found += measure_growth(work, ours, records)
    return found


def measure_growth(work: Path, small: Ours, records: int) -> list[Figure]:
    """The same calls to a KMS that has much to remember, over those to a new one."""
    figures = []
    with Kms(work / "grown", KMS_CORE) as kms:
        kms.stop()
        grow(work / "grown", records)
        kms.start()
        big = Ours(kms)
        for action in ("GenerateDataKey", "Decrypt"):
            both = {"big": partial(per_second, big, action)}
            both["small"] = partial(per_second, small, action)
            ratio = interleave(both, ROUNDS).ratio("big", "small")
            figures.append(Figure(f"{action}, grown / new", ratio, "x", at_least=0.9))
    return figures


if __name__ == "__main__":
    title = "The KMS on one core, against moto's, which verifies, asks, keeps and records nothing"
    arguments = parser(title)
    arguments.add_argument(
        "--records", type=int, default=RECORDS, help="audit records; 0: no growth"
    )
    chosen = arguments.parse_args()
    report(title, measure(chosen.records), chosen)
