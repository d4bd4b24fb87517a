# SPDX-License-Identifier: Apache-2.0
"""The baseline: an addon for stock `mitmdump` that does the same sealing the straightforward way.

It parses with `json`, seals three fields with AES-256-GCM of `cryptography` under one key that it
has in memory, bound to field and record, and writes with `json`. It has no rules, no KMS, no
limits and no guard; it is what one would write in an afternoon.
"""

import json
import os
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from mitmproxy import http

FIELDS = ("ssn", "email", "phone")
CIPHER = AESGCM(bytes(range(32)))


def request(flow: http.HTTPFlow) -> None:
    if flow.request.method == "POST":
        document = json.loads(flow.request.content or b"{}")
        for name in FIELDS:
            nonce = os.urandom(12)
            context = f"{name}:{document['id']}".encode()
            sealed = CIPHER.encrypt(nonce, document[name].encode(), context)
            document[name] = b64encode(nonce + sealed).decode()
        flow.request.content = json.dumps(document).encode()


def response(flow: http.HTTPFlow) -> None:
    if flow.request.method == "GET" and flow.response:
        document = json.loads(flow.response.content or b"{}")
        for name in FIELDS:
            sealed = b64decode(document[name])
            context = f"{name}:{document['id']}".encode()
            document[name] = CIPHER.decrypt(sealed[:12], sealed[12:], context).decode()
        flow.response.content = json.dumps(document).encode()
