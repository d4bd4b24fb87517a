# SPDX-License-Identifier: Apache-2.0
"""The vendor's system policies, by name, as its reference publishes them.

Left out are the parts about what the KMS core has no actions for: secrets, KMS instances, backups,
and tags by way of another service. Source: RAM's developer reference, one page a policy.
"""

from collections.abc import Mapping

from sidecar.kms.policy.evaluation import Policy

type Document = Mapping[str, object]


def _allow(actions: list[str], resources: list[str]) -> Document:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {"Version": "1", "Statement": [statement]}


SYSTEM_DOCUMENTS: Mapping[str, Document] = {
    "AdministratorAccess": _allow(["*"], ["*"]),
    "AliyunRAMFullAccess": _allow(["ram:*"], ["*"]),
    "AliyunRAMReadOnlyAccess": _allow(["ram:Get*", "ram:List*"], ["*"]),
    "AliyunSTSAssumeRoleAccess": _allow(["sts:AssumeRole"], ["*"]),
    "AliyunActionTrailReadOnlyAccess": _allow(
        ["actiontrail:Describe*", "actiontrail:Get*", "actiontrail:List*", "actiontrail:Lookup*"],
        ["*"],
    ),
    "AliyunKMSFullAccess": _allow(["kms:*"], ["*"]),
    "AliyunKMSReadOnlyAccess": _allow(
        [
            *("kms:List*", "kms:Describe*", "kms:GetPublicKey"),
            *("kms:GetKeyPolicy", "kms:GetKeyDefaultPolicy"),
        ],
        ["*"],
    ),
    "AliyunKMSCryptoUserAccess": _allow(
        [
            *("kms:Encrypt", "kms:Decrypt"),
            *("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
            *("kms:AsymmetricEncrypt", "kms:AsymmetricDecrypt"),
            *("kms:AsymmetricSign", "kms:AsymmetricVerify", "kms:GetPublicKey"),
            *("kms:GenerateMac", "kms:VerifyMac"),
        ],
        ["*"],
    ),
    "AliyunKMSCryptoAdminAccess": _allow(["kms:*"], ["acs:kms:*:*:key*", "acs:kms:*:*:alias*"]),
}

SYSTEM_POLICIES: Mapping[str, Policy] = {
    name: Policy.parse(document, name) for name, document in SYSTEM_DOCUMENTS.items()
}
