# SPDX-License-Identifier: Apache-2.0
"""The vendor's own SDKs, unmodified, behind one face: an action's name and its parameters."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from alibabacloud_kms20160120 import models
from alibabacloud_kms20160120.client import Client
from alibabacloud_tea_openapi.models import Config
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from Tea.exceptions import TeaException

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms

type Answer = dict[str, Any]


class SdkRefused(Exception):
    """What an SDK raises for a refusal, in one shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


class Sdk(Protocol):
    def call(self, action: str, **parameters: object) -> Answer: ...


class NewSdk:
    """alibabacloud-kms20160120; `options` choose how it signs."""

    kind: Any = Client
    models: Any = models

    def __init__(self, kms: RunningKms, key: AccessKey, /, **options: str) -> None:
        self._client = self.kind(
            Config(
                access_key_id=key.id,
                access_key_secret=key.secret,
                security_token=key.token,
                endpoint=kms.address,
                region_id=kms.region,
                **{"protocol": "HTTP", **options},
            )
        )

    def call(self, action: str, **parameters: object) -> Answer:
        try:
            return self._answer(action, *self._request(action, parameters))
        except TeaException as error:
            told = getattr(error, "inner_exception", error)  # the ACS4 path wraps what it hears
            if not told.data:
                raise  # nothing was answered
            raise SdkRefused(told.data["statusCode"], told.code, told.message) from error

    def _answer(self, action: str, *request: object) -> Answer:
        return _body(getattr(self._client, _snake(action))(*request))

    def _request(self, action: str, parameters: dict[str, object]) -> list[object]:
        """The request; none for an action that takes no parameters."""
        kind = getattr(self.models, f"{action}Request", None)
        return [kind().from_map(parameters)] if kind else []


class AsyncSdk(NewSdk):
    """The same on aiohttp."""

    def _answer(self, action: str, *request: object) -> Answer:
        return _body(asyncio.run(getattr(self._client, f"{_snake(action)}_async")(*request)))


class LegacySdk:
    """aliyun-python-sdk-kms."""

    package = "aliyunsdkkms.request.v20160120"

    def __init__(self, kms: RunningKms, key: AccessKey) -> None:
        if key.token is None:
            self._client = AcsClient(key.id, key.secret, kms.region)
        else:
            session = StsTokenCredential(key.id, key.secret, key.token)
            self._client = AcsClient(region_id=kms.region, credential=session)
        self._endpoint = kms.address

    def call(self, action: str, **parameters: object) -> Answer:
        module = importlib.import_module(f"{self.package}.{action}Request")
        request = getattr(module, f"{action}Request")()
        request.set_endpoint(self._endpoint)
        request.set_protocol_type("http")
        request.set_accept_format("JSON")
        for name, value in parameters.items():
            text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            setter = f"set_{name}s" if isinstance(value, list) else f"set_{name}"
            getattr(request, setter)(text)
        try:
            answer: Answer = json.loads(self._client.do_action_with_exception(request))
        except ServerException as error:
            raise SdkRefused(
                error.get_http_status(), error.get_error_code(), error.get_error_msg()
            ) from error
        return answer


SDKS: dict[str, Callable[[RunningKms, AccessKey], Sdk]] = {
    "new, ACS3": NewSdk,
    "new, V1": lambda kms, key: NewSdk(kms, key, signature_algorithm="v2"),
    "new, ACS4": lambda kms, key: NewSdk(kms, key, signature_version="v4"),
    "new, async": AsyncSdk,
    "legacy, V1": LegacySdk,
}


def _body(response: Any) -> Answer:
    assert response.status_code == 200
    answer: Answer = response.body.to_map()
    return answer


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
