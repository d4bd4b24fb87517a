# SPDX-License-Identifier: Apache-2.0
"""A provider that speaks the KMS API (2016-01-20): to the bundled core or to the vendor's endpoint.

Each question is one signed POST on a kept connection (ACS3, parameters in the query, as the
vendor's own SDK sends them), asked again a few times while it meets passing trouble, all within
one deadline. `answers` knows what comes back.

The request target holds an EDK and the answer a data key, so neither may reach a log: requests go
to httpx's transport, below its client, which logs every URL; proxies named in the environment are
not used; nothing of an exception of the wire is kept but its kind.
"""

import asyncio
import json
import logging
import secrets
import ssl
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import Self

import httpx

from sidecar import __version__
from sidecar.client_tls import ClientTls, RenewedTls
from sidecar.errors import KeyUnavailable, Misconfigured, Refused
from sidecar.keys.names import KeyContext
from sidecar.keys.providers import (
    CmkDescription,
    GeneratedDataKey,
    KeyDenied,
    OpenedDataKey,
    answers,
    blob,
    workload,
)
from sidecar.keys.providers.workload import WorkloadKey, WorkloadRole
from sidecar.signing import AccessKey, Request, acs3

logger = logging.getLogger(__name__)

API_VERSION = "2016-01-20"
MAX_ANSWER = 64 * 1024
"""Bytes of an answer; that of GenerateDataKey has about 500."""
MAX_CONTEXT = 8192
"""Characters of an EncryptionContext (API page of GenerateDataKey)."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question may take, in seconds.

    `deadline` bounds all attempts together, `step` each step of one attempt on the wire; after a
    failed attempt the next of `pauses` is waited out, and with the last of them the question fails.
    """

    deadline: float = 5.0
    step: float = 2.0
    pauses: tuple[float, ...] = (0.05, 0.25)


class KmsProvider:
    """A KMS at `endpoint` (`https://kms.cn-hangzhou.aliyuncs.com`), called as the holder of `key`.

    Instead of an access key a workload has a role, and the access keys that STS gives it.
    """

    is_plausible = staticmethod(blob.is_plausible)

    def __init__(
        self,
        endpoint: str,
        region: str,
        key: AccessKey | WorkloadRole,
        *,
        tls: ClientTls | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Raise Misconfigured when `endpoint` is not an HTTP origin or a file of `tls` is bad."""
        self._url = _origin(endpoint)
        self._region = region
        self._key = key if isinstance(key, AccessKey) else WorkloadKey(key, self._ask_sts)
        self._sts = _origin(key.sts_endpoint) if isinstance(key, WorkloadRole) else self._url
        self._patience = patience or Patience()
        # Without https there is nothing to verify, and the system's authorities take long to
        # load; the URL never changes and redirects are not followed.
        needs_tls = tls or self._url.scheme == "https"
        self._tls = RenewedTls(tls or ClientTls()) if needs_tls else None
        self._transport = httpx.AsyncHTTPTransport(
            verify=self._tls.context if self._tls else False,
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=64),
        )

    async def generate_data_key(self, cmk: str, context: KeyContext) -> GeneratedDataKey:
        parameters = {"KeyId": cmk, "KeySpec": "AES_256", "EncryptionContext": _text(context)}
        answer = await self._ask("GenerateDataKey", parameters, answers.Generated)
        return GeneratedDataKey(
            answers.data_key(answer.plaintext),
            answer.key_id,
            answer.key_version_id,
            answers.base64(answer.ciphertext_blob),
        )

    async def generate_lookup_key(self, cmk: str, context: KeyContext) -> bytes:
        """The EDK of a new key under `cmk`, bound to `context`; the key itself stays in the KMS."""
        parameters = {"KeyId": cmk, "KeySpec": "AES_256", "EncryptionContext": _text(context)}
        shape = answers.GeneratedWithoutPlaintext
        answer = await self._ask("GenerateDataKeyWithoutPlaintext", parameters, shape)
        return answers.base64(answer.ciphertext_blob)

    async def decrypt(self, edk: bytes, context: KeyContext) -> OpenedDataKey:
        parameters = {
            "CiphertextBlob": b64encode(edk).decode("ascii"),
            "EncryptionContext": _text(context),
        }
        answer = await self._ask("Decrypt", parameters, answers.Decrypted)
        key = answers.data_key(answer.plaintext)
        return OpenedDataKey(key, answer.key_id, answer.key_version_id)

    async def describe_key(self, cmk: str) -> CmkDescription:
        metadata = (await self._ask("DescribeKey", {"KeyId": cmk}, answers.Described)).key_metadata
        return CmkDescription(metadata.key_id, metadata.key_state)

    async def aclose(self) -> None:
        if isinstance(self._key, WorkloadKey):
            await self._key.aclose()
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _ask[T](self, action: str, parameters: dict[str, str], shape: type[T]) -> T:
        """Ask until there is an answer, within the deadline; CannotOpen, KeyUnavailable."""
        deadline = self._patience.deadline
        try:
            async with asyncio.timeout(deadline):
                for pause in self._patience.pauses:
                    try:
                        return await self._attempt(action, parameters, shape)
                    except KeyUnavailable as error:
                        if isinstance(error, KeyDenied) or error.retry_after > 1:
                            raise
                    await asyncio.sleep(pause)
                return await self._attempt(action, parameters, shape)
        except TimeoutError:
            raise KeyUnavailable(f"the KMS did not answer {action} in {deadline:g} s") from None

    async def _attempt[T](self, action: str, parameters: dict[str, str], shape: type[T]) -> T:
        key = self._key if isinstance(self._key, AccessKey) else await self._key.get()
        status, headers, body = await self._send(self._signed(key, action, parameters), action)
        if status == httpx.codes.OK:
            return answers.read(body, shape, action)
        if isinstance(self._key, WorkloadKey) and answers.is_of_ended_session(body):
            self._key.forget(key)
            raise KeyUnavailable("the session of the workload's role has ended")
        raise answers.failure(action, status, headers, body)

    async def _ask_sts(self, form: bytes) -> bytearray:
        """The answer to an exchange of the workload's token."""
        request = httpx.Request(
            "POST",
            self._sts,
            headers={"content-type": "application/x-www-form-urlencoded"},
            content=form,
            extensions={"timeout": httpx.Timeout(self._patience.step).as_dict()},
        )
        status, headers, body = await self._send(request, workload.ACTION)
        if status == httpx.codes.OK:
            return body
        raise answers.failure(workload.ACTION, status, headers, body)

    async def _send(
        self, request: httpx.Request, action: str
    ) -> tuple[int, httpx.Headers, bytearray]:
        if self._tls is not None:
            self._tls.follow()
        try:
            response = await self._transport.handle_async_request(request)
            try:
                body = await _bounded(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            kinds = _kinds(error)
            raise KeyUnavailable(f"the KMS cannot be asked for {action}: {kinds}") from None
        return response.status_code, response.headers, body

    def _signed(self, key: AccessKey, action: str, parameters: dict[str, str]) -> httpx.Request:
        """A request that is new each time: its time stamp and nonce count once."""
        request = Request(
            "POST",
            query=(*parameters.items(), ("RegionId", self._region)),
            headers=(
                (b"host", self._url.netloc),
                (b"x-acs-action", action.encode()),
                (b"x-acs-version", API_VERSION.encode()),
                (b"accept", b"application/json"),
                (b"user-agent", f"envelope-sidecar/{__version__}".encode()),
            ),
        )
        signed = acs3.sign(request, key, now=time.time(), nonce=secrets.token_hex(16))
        return httpx.Request(
            signed.method,
            self._url.copy_with(raw_path=signed.target.encode("ascii")),
            headers=[*signed.headers, (b"content-length", b"0")],
            extensions={"timeout": httpx.Timeout(self._patience.step).as_dict()},
        )


def _kinds(error: Exception) -> str:
    """What `error` is and what came first, such as a name, a port or a certificate that is wrong.

    Never what they say, which may be the URL.
    """
    first: BaseException = error
    while (earlier := first.__cause__ or first.__context__) is not None:
        first = earlier
    kinds = ": ".join(dict.fromkeys((type(error).__name__, type(first).__name__)))
    is_stranger = isinstance(first, ssl.SSLCertVerificationError)
    return f"{kinds}; `ca` has to name its authority" if is_stranger else kinds


async def _bounded(response: httpx.Response) -> bytearray:
    body = bytearray()
    async for part in response.aiter_raw():
        body += part
        if len(body) > MAX_ANSWER:
            raise KeyUnavailable(f"the KMS answered with more than {MAX_ANSWER} bytes")
    return body


def _text(context: KeyContext) -> str:
    """The EncryptionContext of `context`; an empty tenant is left out, as there is none.

    Raises:
        Refused: No KMS takes it: a name is too long or not Unicode.
    """
    pairs = {name: value for name, value in context._asdict().items() if value}
    text = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    if len(text) > MAX_CONTEXT:
        raise Refused(f"store and tenant have {len(text)} characters; a KMS takes {MAX_CONTEXT}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Refused("the name of a store or tenant is not Unicode text") from None
    return text


def _origin(endpoint: str) -> httpx.URL:
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL as error:
        raise Misconfigured(f"the KMS endpoint is not a URL: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise Misconfigured("the KMS endpoint is not http://HOST:PORT or https://HOST:PORT")
    if url.path not in ("", "/") or url.query or url.userinfo or url.fragment:
        raise Misconfigured("the KMS endpoint has more than a scheme, a host and a port")
    if url.scheme == "http" and url.host not in ("127.0.0.1", "::1", "localhost"):
        logger.warning("data keys travel in clear to the KMS at %s: use https", url)
    return url
