# SPDX-License-Identifier: Apache-2.0
"""Actions of the vendor's API that are not offered here, and are refused by name.

They are known, so that a caller hears "not supported" rather than "no such action". Which actions
there are at all, and which of them are offered, is told in `API.md`.
"""

ENCRYPTION = frozenset({"AdvanceEncrypt", "GetManagedDataKey", "ListManagedDataKeyVersions"})
SECRETS = frozenset(
    {
        *("BatchGetSecretValue", "CreateSecret", "DeleteSecret", "DescribeSecret"),
        *("GetRandomPassword", "GetSecretPolicy", "GetSecretValue", "ListSecretVersionIds"),
        *("ListSecrets", "PutSecretValue", "RestoreSecret", "RotateSecret", "SetSecretPolicy"),
        *("UpdateSecret", "UpdateSecretRotationPolicy", "UpdateSecretVersionStage"),
    }
)
INSTANCES = frozenset(
    {
        *("ConnectKmsInstance", "CreateApplicationAccessPoint", "CreateClientKey"),
        *("CreateNetworkRule", "CreatePolicy", "DeleteApplicationAccessPoint"),
        *("DeleteClientKey", "DeleteNetworkRule", "DeletePolicy"),
        *("DescribeApplicationAccessPoint", "DescribeNetworkRule", "DescribePolicy"),
        *("GetChallenge", "GetClientKey", "GetDefaultKmsInstance", "GetKmsInstance"),
        *("GetKmsInstanceQuotaInfos", "ListApplicationAccessPoints", "ListClientKeys"),
        *("ListKmsInstances", "ListNetworkRules", "ListPolicies", "ReleaseKmsInstance"),
        *("UpdateApplicationAccessPoint", "UpdateKmsInstanceBindVpc", "UpdateNetworkRule"),
        "UpdatePolicy",
    }
)

DEFERRED = ENCRYPTION | SECRETS | INSTANCES
"""Every action that is known and not offered."""
