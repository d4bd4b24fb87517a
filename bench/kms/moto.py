# SPDX-License-Identifier: Apache-2.0
"""moto's KMS server: AWS's actions, in memory, without signatures, policies, audit or an HSM.

It is installed into an environment of its own, for it brings 180 MB along.
"""

import base64
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import httpx

from bench.kms import pinned

WHAT = "moto[server,kms]==5.2.5"


class Moto:
    """A running server with one key; `requests` makes what it is asked."""

    def __init__(self, directory: Path, core: int | None) -> None:
        self._python = directory / "moto" / "bin" / "python"
        self._core = core
        uv = [sys.executable, "-m", "uv", "--quiet"]
        venv = ["venv", "--python", sys.executable, str(directory / "moto")]
        subprocess.run([*uv, *venv], check=True)
        subprocess.run([*uv, "pip", "install", "--python", str(self._python), WHAT], check=True)

    def __enter__(self) -> Self:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        server = [self._python.with_name("moto_server"), "-H", "127.0.0.1", "-p", self.port]
        self._process = subprocess.Popen(
            pinned(self._core, *server), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            try:
                self.key: str = self._ask("CreateKey", {})["KeyMetadata"]["KeyId"]
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                break
        signing = {"KeyUsage": "SIGN_VERIFY", "KeySpec": "ECC_NIST_P256"}
        self.pair: str = self._ask("CreateKey", signing)["KeyMetadata"]["KeyId"]
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.kill()

    def requests(self, question: str, count: int) -> list[bytes]:
        """`count` requests of the action that is asked, by the name that ours has for it."""
        text = base64.b64encode(bytes(32)).decode()
        blob = self._ask("Encrypt", {"KeyId": self.key, "Plaintext": text})["CiphertextBlob"]
        sign = {"KeyId": self.pair, "Message": text, "MessageType": "DIGEST"}
        name, parameters = {
            "GenerateDataKey": ("GenerateDataKey", {"KeyId": self.key, "KeySpec": "AES_256"}),
            "Decrypt": ("Decrypt", {"CiphertextBlob": blob}),
            "Encrypt": ("Encrypt", {"KeyId": self.key, "Plaintext": text}),
            "AsymmetricSign": ("Sign", sign | {"SigningAlgorithm": "ECDSA_SHA_256"}),
        }[question]
        body = json.dumps(parameters).encode()
        head = "".join(f"{key}: {value}\r\n" for key, value in self._headers(name).items())
        lines = f"POST / HTTP/1.1\r\nHost: kms\r\n{head}Content-Length: {len(body)}\r\n\r\n"
        return [lines.encode() + body] * count

    def _ask(self, action: str, parameters: dict[str, str]) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.port}/"
        answer = httpx.post(url, json=parameters, headers=self._headers(action))
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    @staticmethod
    def _headers(action: str) -> dict[str, str]:
        scope = "Credential=x/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=x"
        return {
            "X-Amz-Target": f"TrentService.{action}",
            "Content-Type": "application/x-amz-json-1.1",
            "Authorization": f"AWS4-HMAC-SHA256 {scope}",
        }
