# SPDX-License-Identifier: Apache-2.0
"""The three signature families behind one face, so that one suite of attacks runs on each."""

from dataclasses import dataclass, replace

from sidecar.signing import AccessKey, Request, Scope, Signed, acs3, acs4, v1

NOW = 1_764_000_000.0
NONCE = "8b526c74a8d2193cf6986faff9461fd4"
KEY = AccessKey("LTAI5tDemoAccessKey0001", "a secret of the demo")
SCOPE = Scope("cn-hangzhou", "kms")
PARAMETERS = (("KeyId", "alias/a b"), ("Plaintext", "aGVsbG8="), ("EncryptionContext", '{"a":"é"}'))


def find_secret(access_key_id: str) -> str | None:
    return KEY.secret if access_key_id == KEY.id else None


@dataclass(frozen=True)
class Family:
    """How a family signs, verifies, and where it carries what every request has."""

    name: str

    def sign(
        self, request: Request, key: AccessKey = KEY, now: float = NOW, nonce: str = NONCE
    ) -> Request:
        if self.name == "v1":
            return v1.sign(request, key, now=now, nonce=nonce)
        if self.name == "acs3":
            return acs3.sign(request, key, now=now, nonce=nonce)
        return acs4.sign(request, key, SCOPE, now=now, nonce=nonce)

    def verify(self, request: Request, now: float = NOW) -> Signed:
        family = {"v1": v1, "acs3": acs3, "acs4": acs4}[self.name]
        return family.verify(request, find_secret, now=now)

    def unsigned(self, action: str = "Encrypt") -> Request:
        if self.name == "v1":
            query = (("Action", action), ("Version", "2016-01-20"), ("Format", "JSON"))
            return Request("POST", query=(*query, *PARAMETERS))
        headers = (
            (b"host", b"kms.example:443"),
            (b"x-acs-action", action.encode()),
            (b"x-acs-version", b"2016-01-20"),
            (b"user-agent", b"a client/1.0"),
        )
        return Request("POST", query=PARAMETERS, headers=headers)

    def signed(self) -> Request:
        return self.sign(self.unsigned())


FAMILIES = [Family("v1"), Family("acs3"), Family("acs4")]


def without_query(request: Request, name: str) -> Request:
    return replace(request, query=tuple(pair for pair in request.query if pair[0] != name))


def with_query(request: Request, name: str, value: str) -> Request:
    return replace(request, query=tuple((n, value if n == name else v) for n, v in request.query))


def without_header(request: Request, name: bytes) -> Request:
    return replace(request, headers=tuple(line for line in request.headers if line[0] != name))


def with_header(request: Request, name: bytes, value: bytes) -> Request:
    return replace(
        request, headers=tuple((n, value if n == name else v) for n, v in request.headers)
    )
