# SPDX-License-Identifier: Apache-2.0
"""The least documents, and the credentials of a KMS elsewhere."""

LISTENER = "listeners: [{listen: '127.0.0.1:0', upstream: 'http://crm.test:8080'}]\n"
LEAST = LISTENER + "rules: rules.yaml\n"
CREDENTIALS = {
    "endpoint": "http://127.0.0.1:28900",
    "region": "cn-beijing",
    "access_key_id": "LTAIexample",
    "access_key_secret": "a secret",
}
