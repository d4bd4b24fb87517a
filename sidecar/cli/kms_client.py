# SPDX-License-Identifier: Apache-2.0
"""One signed call of the KMS API from the command line: ACS3 over one connection, no retries."""

import http.client
import json
import secrets
import ssl
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from sidecar.cli.remote_kms import called_kms
from sidecar.client_tls import ClientTls
from sidecar.errors import Misconfigured, SidecarError
from sidecar.signing import AccessKey, Request, acs3

VERSION = "2016-01-20"
SECONDS = 15.0

type Answer = dict[str, Any]


class Refusal(SidecarError):
    """The KMS answered, and did not do it; `answer` is what it said."""

    code = "kms_refused"

    def __init__(self, status: int, answer: Answer) -> None:
        super().__init__(f"the KMS refused with {status} {answer.get('Code', '')}")
        self.answer = answer


class KmsClient:
    """Calls one KMS with one access key."""

    def __init__(self, endpoint: str, key: AccessKey, tls: ClientTls | None = None) -> None:
        self.endpoint = endpoint
        self._url = urlsplit(endpoint)
        if self._url.scheme not in ("http", "https") or not self._url.hostname:
            raise Misconfigured("the KMS endpoint must be http://HOST:PORT or https://HOST:PORT")
        self._key = key
        self._tls = tls or ClientTls()

    @classmethod
    def from_file(cls, credentials: Path, endpoint: str | None, tls: ClientTls | None) -> Self:
        """The client of whom `credentials` are for; `endpoint` wins over the file's."""
        kms = called_kms(credentials, endpoint, tls or ClientTls())
        return cls(kms.endpoint, kms.key, kms.tls)

    def call(self, action: str, parameters: dict[str, str], version: str = VERSION) -> Answer:
        """The answer; raise Refusal, or Misconfigured where no KMS answers.

        `version` names the API: of KMS, where nothing is said, or of RAM or STS.
        """
        headers = (
            (b"host", self._url.netloc.encode()),
            (b"x-acs-action", action.encode()),
            (b"x-acs-version", version.encode()),
        )
        request = Request("POST", query=tuple(parameters.items()), headers=headers)
        signed = acs3.sign(request, self._key, now=time.time(), nonce=secrets.token_hex(16))
        status, body = self._send(signed)
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Misconfigured(f"{self._url.netloc} answered {status}, and not as a KMS does")
        if status != http.client.OK:
            raise Refusal(status, answer)
        return answer

    def _send(self, request: Request) -> tuple[int, bytes]:
        connection = self._connection()
        try:
            connection.putrequest(request.method, request.target, skip_host=True)
            for name, value in request.headers:
                connection.putheader(name.decode(), value)
            connection.putheader("content-length", "0")
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read()
        except ssl.SSLError as error:
            raise Misconfigured(
                f"{self._url.netloc} speaks no TLS, its certificate does not verify (--ca), or it "
                "wants one of its clients (--cert, --key)"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            hung_up = isinstance(error, ConnectionResetError | BrokenPipeError)
            what = (
                "does it want a certificate of its clients? (--cert, --key)"  # TLS 1.3 just ends
                if hung_up and self._url.scheme == "https"
                else "is it running? (sidecar kms serve)"
            )
            raise Misconfigured(
                f"no KMS answers at {self._url.netloc}: {type(error).__name__}; {what}"
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._url.hostname or "", self._url.port
        if self._url.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=SECONDS)
        context = self._tls.context()
        return http.client.HTTPSConnection(host, port, timeout=SECONDS, context=context)
