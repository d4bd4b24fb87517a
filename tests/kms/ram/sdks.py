# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDKs for RAM and STS, unmodified, behind the face of those for KMS.

They have no ACS4: their clients are made without the part that signs so.
"""

from collections.abc import Callable

import alibabacloud_ram20150501.client
import alibabacloud_ram20150501.models
import alibabacloud_sts20150401.client
import alibabacloud_sts20150401.models

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import AsyncSdk, LegacySdk, NewSdk, Sdk

NOBODY = AccessKey("", "")


class NewRam(NewSdk):
    kind = alibabacloud_ram20150501.client.Client
    models = alibabacloud_ram20150501.models


class AsyncRam(AsyncSdk, NewRam):
    pass


class LegacyRam(LegacySdk):
    package = "aliyunsdkram.request.v20150501"


class NewSts(NewSdk):
    kind = alibabacloud_sts20150401.client.Client
    models = alibabacloud_sts20150401.models


class AsyncSts(AsyncSdk, NewSts):
    pass


class LegacySts(LegacySdk):
    package = "aliyunsdksts.request.v20150401"


RAM_SDKS: dict[str, Callable[[RunningKms, AccessKey], Sdk]] = {
    "new, ACS3": NewRam,
    "new, V1": lambda kms, key: NewRam(kms, key, signature_algorithm="v2"),
    "new, async": AsyncRam,
    "legacy, V1": LegacyRam,
}
STS_SDKS: dict[str, Callable[[RunningKms, AccessKey], Sdk]] = {
    "new, ACS3": NewSts,
    "new, V1": lambda kms, key: NewSts(kms, key, signature_algorithm="v2"),
    "new, async": AsyncSts,
    "legacy, V1": LegacySts,
}
