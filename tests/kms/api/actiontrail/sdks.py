# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDK for ActionTrail, unmodified, behind the face of those for KMS."""

from collections.abc import Callable

from alibabacloud_actiontrail20200706 import models
from alibabacloud_actiontrail20200706.client import Client

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import AsyncSdk, NewSdk, Sdk


class TrailSdk(NewSdk):
    """alibabacloud-actiontrail20200706."""

    kind = Client
    models = models


class AsyncTrailSdk(AsyncSdk, TrailSdk):
    """The same on aiohttp."""


SDKS: dict[str, Callable[[RunningKms, AccessKey], Sdk]] = {
    "new, ACS3": TrailSdk,
    "new, V1": lambda kms, key: TrailSdk(kms, key, signature_algorithm="v2"),
    "new, async": AsyncTrailSdk,
}
