# SPDX-License-Identifier: Apache-2.0
"""A small KMS on a real socket: checks every signature, answers from the KMS in memory.

`script` holds what it does first instead, an entry a request: raw bytes of an answer, or None to
hang up without one. `targets`, `nonces` and `connections` are what it saw.
"""

import asyncio
import json
import ssl
import time
from base64 import b64decode, b64encode
from collections import deque
from typing import Self

from sidecar.errors import CannotOpen, SidecarError
from sidecar.keys import KeyContext
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.signing import AccessKey, Request, SignatureFailure, Signed, acs3

KEY = AccessKey("the-key-id", "the-secret")


class KmsDouble:
    """One server; `brain` is the KMS behind it."""

    def __init__(self, *aliases: str, tls: ssl.SSLContext | None = None) -> None:
        self.brain = MemoryProvider(*aliases)
        self.script: deque[bytes | None] = deque()
        self.targets: list[bytes] = []
        self.actions: list[str] = []
        self.nonces: list[bytes | None] = []
        self.connections = 0
        self._tls = tls
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        scheme, port = "https" if self._tls else "http", self._server.sockets[0].getsockname()[1]
        self.endpoint = f"{scheme}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                answer = await self._answer(head)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, head: bytes) -> bytes | None:
        request_line, *lines = head.rstrip(b"\r\n").split(b"\r\n")
        method, target, _ = request_line.split(b" ")
        self.targets.append(target)
        pairs = (line.partition(b":") for line in lines)
        headers = tuple((name, value.strip()) for name, _, value in pairs)
        request = Request.from_wire(method.decode(), target, headers, b"")
        self.nonces.append(request.find_header(b"x-acs-signature-nonce"))
        if self.script:
            return self.script.popleft()
        try:
            signed = acs3.verify(request, {KEY.id: KEY.secret}.get, now=time.time())
            self.actions.append(signed.action)
            return answer(200, await self._act(signed))
        except SignatureFailure as failure:
            return fault(failure.status, failure.code, failure.message)
        except CannotOpen:
            return fault(400, "InvalidParameter", "The specified parameter is not valid.")
        except SidecarError as error:
            return fault(409, error.why, error.why)

    async def _act(self, signed: Signed) -> dict[str, object]:
        given = signed.parameters
        pairs = json.loads(given.get("EncryptionContext", "{}"))
        context = KeyContext(**{"store": "", "tenant": ""} | pairs)
        match signed.action, signed.version:
            case "GenerateDataKey", "2016-01-20":
                made = await self.brain.generate_data_key(given["KeyId"], context)
                return {
                    "Plaintext": b64encode(made.plaintext).decode(),
                    "CiphertextBlob": b64encode(made.edk).decode(),
                    "KeyId": made.key_id,
                    "KeyVersionId": made.key_version_id,
                }
            case "GenerateDataKeyWithoutPlaintext", "2016-01-20":
                made = await self.brain.generate_data_key(given["KeyId"], context)
                return {
                    "CiphertextBlob": b64encode(made.edk).decode(),
                    "KeyId": made.key_id,
                    "KeyVersionId": made.key_version_id,
                }
            case "Decrypt", "2016-01-20":
                opened = await self.brain.decrypt(b64decode(given["CiphertextBlob"]), context)
                return {
                    "Plaintext": b64encode(opened.plaintext).decode(),
                    "KeyId": opened.key_id,
                    "KeyVersionId": opened.key_version_id,
                }
            case "DescribeKey", "2016-01-20":
                cmk = await self.brain.describe_key(given["KeyId"])
                return {
                    "KeyMetadata": {
                        "KeyId": cmk.key_id,
                        "KeyState": cmk.state,
                        "ProtectionLevel": "SOFTWARE",
                    }
                }
            case other:
                raise AssertionError(other)


def answer(status: int, content: object, *headers: str) -> bytes:
    """A whole HTTP answer with a JSON body, or with the very bytes given."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def fault(status: int, code: str, message: str = "", *headers: str) -> bytes:
    """An error as the KMS API spells it."""
    return answer(status, {"Code": code, "Message": message, "RequestId": "r-1"}, *headers)
