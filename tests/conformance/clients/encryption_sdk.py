# SPDX-License-Identifier: Apache-2.0
"""The vendor's encryption SDK seals and opens a text by envelope encryption."""

import os

from aliyun_encryption_sdk.client import AliyunCrypto
from aliyun_encryption_sdk.kms import AliyunConfig
from aliyun_encryption_sdk.provider.default import DefaultDataKeyProvider
from aliyunsdkcore.profile import region_provider

PLAINTEXT, CONTEXT = b"a canary in an envelope", {"tenant": "a b", "store": "crm"}

region_provider.add_endpoint("Kms", os.environ["KMS_REGION"], os.environ["KMS_ADDRESS"])
crypto = AliyunCrypto(AliyunConfig(os.environ["KMS_ACCESS_KEY"], os.environ["KMS_SECRET"]))
arn = os.environ["KMS_KEY_ARN"]
sealed, _ = crypto.encrypt(DefaultDataKeyProvider(arn), PLAINTEXT, CONTEXT)
assert PLAINTEXT not in sealed
opened, _ = crypto.decrypt(DefaultDataKeyProvider(arn), sealed)
assert opened == PLAINTEXT
