# SPDX-License-Identifier: Apache-2.0
"""The vendor's transfer client, on the shared gateway's side: what it does without a config."""

import base64
import json
import os

from alibabacloud_dkms_transfer.kms_transfer_acs_client import KmsTransferAcsClient
from aliyunsdkkms.request.v20160120 import DecryptRequest, EncryptRequest, GenerateDataKeyRequest

TEXT = base64.b64encode(b"a canary").decode()

client = KmsTransferAcsClient(
    ak=os.environ["KMS_ACCESS_KEY"],
    secret=os.environ["KMS_SECRET"],
    region_id=os.environ["KMS_REGION"],
    verify=os.environ["ALIBABA_CLOUD_CA_BUNDLE"],
)


def ask(request, **parameters):
    for name, value in parameters.items():
        getattr(request, f"set_{name}")(value)
    request.set_accept_format("JSON")
    request.set_endpoint(os.environ["KMS_ADDRESS"])
    request.set_protocol_type("https")
    return json.loads(client.do_action_with_exception(request))


key = os.environ["KMS_KEY_ID"]
sealed = ask(EncryptRequest.EncryptRequest(), KeyId=key, Plaintext=TEXT)
opened = ask(DecryptRequest.DecryptRequest(), CiphertextBlob=sealed["CiphertextBlob"])
assert opened["Plaintext"] == TEXT
made = ask(GenerateDataKeyRequest.GenerateDataKeyRequest(), KeyId=key)
opened = ask(DecryptRequest.DecryptRequest(), CiphertextBlob=made["CiphertextBlob"])
assert opened["Plaintext"] == made["Plaintext"]
