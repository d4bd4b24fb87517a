# SPDX-License-Identifier: Apache-2.0
"""Law 7: what was acknowledged opens again, after kills, restarts and a moved alias."""

from tests.demo.installation import Installation
from tests.e2e.conftest import Application


def test_acknowledged_writes_open_after_every_part_was_killed(
    installation: Installation, application: Application
) -> None:
    written = [f"kill {number}" for number in range(20)]
    for record in written:
        assert application.write({"id": record, "ssn": f"ssn of {record}"}).status_code == 200
    address = installation.kms_endpoint.removeprefix("http://")
    installation.proxy.kill()
    installation.kms.kill()
    installation.start_kms(listen=address)
    installation.start_proxy()
    with Application(installation.url) as again:
        for record in written:
            answer = again.read(record)
            assert answer.json()["result"][0]["ssn"] == f"ssn of {record}"


def test_what_an_older_cmk_sealed_opens_while_the_rule_lists_it(
    installation: Installation,
) -> None:
    with Application(installation.url) as application:
        assert application.write({"id": "old cmk", "ssn": "sealed before"}).status_code == 200
    old = installation.cmk_id
    new = installation.call("CreateKey")["KeyMetadata"]["KeyId"]
    installation.call("UpdateAlias", f"KeyId={new}", "AliasName=alias/customers")
    rules = (installation.work / "rules.yaml").read_text()
    both = f"cmk: {{seal: alias/customers, open: [{old}]}}"
    assert _status_under(installation, rules.replace("cmk: alias/customers", both)) == 200
    assert _status_under(installation, _without_lookup(rules)) == 422


def _status_under(installation: Installation, rules: str) -> int:
    """How a read of the older record is answered under `rules`."""
    (installation.work / "rules.yaml").write_text(rules)
    installation.proxy.stop()
    installation.start_proxy()
    with Application(installation.url) as application:
        return application.read("old cmk").status_code


def _without_lookup(rules: str) -> str:
    """The rules without the fields whose lookup key the older CMK sealed."""
    gone = ("email:", "card:", "lookup_keys:")
    return "\n".join(line for line in rules.splitlines() if not line.lstrip().startswith(gone))
