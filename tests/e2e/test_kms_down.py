# SPDX-License-Identifier: Apache-2.0
"""The KMS goes away: cached tenants go on; the store sees nothing of the others."""

from tests.demo.installation import Installation
from tests.e2e.conftest import Application


def test_kms_down_the_store_saw_nothing(
    installation: Installation, application: Application
) -> None:
    assert application.write({"id": "k1", "ssn": "078-05-1120"}).status_code == 200
    installation.kms.stop()
    assert application.read("k1").json()["result"][0]["ssn"] == "078-05-1120"
    assert application.write({"id": "k2", "ssn": "CACHED-TENANT"}).status_code == 200
    refused = application.write({"id": "k3", "ssn": "PLAIN-UNCACHED"}, tenant="globex")
    assert refused.status_code == 503
    assert refused.json()["code"] == "key_unavailable"
    assert int(refused.headers["retry-after"]) >= 1
    assert installation.store.sql("SELECT FROM Customer WHERE id = 'k3'") == []
    assert not installation.store.files_holding(b"PLAIN-UNCACHED")
