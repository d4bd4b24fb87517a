# SPDX-License-Identifier: Apache-2.0
"""What a KMS is asked, and how many of these questions it answers in a second."""

import base64
import json
import pickle
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Protocol

from bench.kms import ALIAS, Kms, pinned
from sidecar.kms.api.products import find_version
from sidecar.signing import AccessKey, Request, acs3

KMS_CORE, LOAD_CORE = 0, 1
CONNECTIONS = 64
"""As many as the client of a sidecar has."""
SECONDS = 2.0
RUNS = range(5)
"""Of latencies, which are not taken in turns with another's."""


class Server(Protocol):
    """Ours or another; `requests` makes requests of a question, each to be sent once."""

    port: int

    def requests(self, question: str, count: int) -> list[bytes]: ...


def sign(kms: Kms, action: str, parameters: Mapping[str, str], count: int) -> list[bytes]:
    """Requests as the vendor's SDK sends them, each with a nonce of its own."""
    written = json.loads((kms.directory / "credentials.json").read_bytes())
    key = AccessKey(written["access_key_id"], written["access_key_secret"])
    headers = (
        (b"host", b"kms"),
        (b"x-acs-action", action.encode()),
        (b"x-acs-version", find_version(action).encode()),
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
    """The questions to one KMS, each by a name of its own: an action and its parameters."""

    def __init__(self, kms: Kms) -> None:
        self.kms = kms
        self.port = int(kms.endpoint.rpartition(":")[2])
        pair = kms.call("CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")["KeyMetadata"]
        text = base64.b64encode(bytes(32)).decode()
        blob = kms.call("Encrypt", KeyId=ALIAS, Plaintext=text)["CiphertextBlob"]
        signing = {"KeyId": pair["KeyId"], "KeyVersionId": pair["PrimaryKeyVersion"]}
        self.questions: dict[str, tuple[str, Mapping[str, str]]] = {
            "GenerateDataKey": ("GenerateDataKey", {"KeyId": ALIAS, "KeySpec": "AES_256"}),
            "Decrypt": ("Decrypt", {"CiphertextBlob": blob}),
            "Encrypt": ("Encrypt", {"KeyId": ALIAS, "Plaintext": text}),
            "AsymmetricSign": (
                "AsymmetricSign",
                signing | {"Algorithm": "ECDSA_SHA_256", "Digest": text},
            ),
        }

    def requests(self, question: str, count: int) -> list[bytes]:
        return sign(self.kms, *self.questions[question], count)


def per_second(server: Server, question: str) -> float:
    """Requests a second that it answers, after a short run that tells how many to make."""
    trial = load(server.port, server.requests(question, 200))
    count = max(200, int(SECONDS * trial["requests"] / trial["seconds"]))
    told = load(server.port, server.requests(question, count))
    return told["requests"] / told["seconds"]


def p99_at(server: Server, question: str, rate: float) -> float:
    """Milliseconds, the median of several runs: one stall of the machine spoils a whole run."""
    count = int(rate * 2 * SECONDS)
    return median(load(server.port, server.requests(question, count), rate)["p99"] for _ in RUNS)
