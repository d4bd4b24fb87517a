# SPDX-License-Identifier: Apache-2.0
"""A KMS core whose account believes the tokens of an issuer, and has roles for its workloads."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.fixtures.kms import RunningKms
from tests.kms.ram.issuer import AUDIENCE, ISSUER, SUBJECT, Issuer

ACCOUNT = "1000000000000001"
OTHER_ACCOUNT = "1000000000000002"
PROVIDER = f"acs:ram::{ACCOUNT}:oidc-provider/cluster"
CRM = f"acs:ram::{ACCOUNT}:role/crm"
OPERATOR = f"acs:ram::{ACCOUNT}:role/operator"

_MORE = f"""\
    groups:
      - {{name: sealers, users: [sidecar], policies: [use-keys]}}
    roles:
      - name: crm
        id: "300000000000000001"
        policies: [use-keys]
        trust:
          Version: "1"
          Statement:
            - Effect: Allow
              Action: "sts:AssumeRole"
              Principal: {{Federated: "{PROVIDER}"}}
              Condition:
                StringEquals: {{"oidc:sub": "{SUBJECT}", "oidc:aud": "{AUDIENCE}"}}
      - name: operator
        id: "300000000000000002"
        policies: [AliyunKMSFullAccess, AliyunSTSAssumeRoleAccess]
        max_session_seconds: 7200
        trust:
          Version: "1"
          Statement:
            - Effect: Allow
              Action: "sts:AssumeRole"
              Principal: {{RAM: ["acs:ram::{ACCOUNT}:user/admin", "{OPERATOR}"]}}
      - name: partner
        id: "300000000000000003"
        policies: [AliyunKMSReadOnlyAccess]
        trust:
          Version: "1"
          Statement:
            - Effect: Allow
              Action: "sts:AssumeRole"
              Principal: {{RAM: "acs:ram::{ACCOUNT}:root"}}
              Condition: {{StringEquals: {{"sts:ExternalId": "partner-1"}}}}
    oidc_providers:
      - name: cluster
        issuer: {ISSUER}
        audiences: [{AUDIENCE}]
        jwks: keys.json
  - id: "{OTHER_ACCOUNT}"
    users:
      - name: neighbour
        id: "200000000000000009"
        policies: [AliyunKMSFullAccess]
        access_keys:
          - {{id: LTAIneighbour, secret_file: sidecar.secret}}
"""


class Federated(NamedTuple):
    """The core and the issuer that it believes."""

    kms: RunningKms
    issuer: Issuer


@pytest.fixture(scope="session")
def federated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federated]:
    kms = RunningKms(tmp_path_factory.mktemp("federated") / "kms")
    issuer = Issuer()
    (kms.directory / "keys.json").write_text(issuer.published())
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + _MORE)
    kms.start()
    yield Federated(kms, issuer)
    kms.close()
