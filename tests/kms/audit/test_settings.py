# SPDX-License-Identifier: Apache-2.0
"""The `audit` section of a kms.yaml is read strictly."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.audit.settings import (
    AuditSettings,
    FolderExport,
    SyslogExport,
    WebhookExport,
    read_audit,
)
from sidecar.strict_yaml import parse

HERE = Path("/etc/kms")


def read(text: str) -> AuditSettings:
    document = parse(text.encode(), "kms.yaml")
    return read_audit(document.get("audit"), HERE)


def test_what_is_not_said_has_its_default() -> None:
    assert read("audit: {}") == AuditSettings(1000, 60, ())


def test_everything_is_read() -> None:
    settings = read(
        """
        audit:
          checkpoint: {records: 10, every: 5m}
          exports:
            - {name: disk, folder: audit, rotate: 1MiB, keep: 7}
            - {name: siem, syslog: "tls://logs.internal:6514", ca: logs.pem}
            - {name: plain, syslog: "tcp://[::1]:514"}
            - {name: local, syslog: "unix:/dev/log"}
            - {name: hook, webhook: "https://siem/in?x=1", ca: ca.pem, token_file: /run/token}
        """
    )
    assert settings == AuditSettings(
        10,
        300,
        (
            FolderExport("disk", HERE / "audit", 1024**2, 7),
            SyslogExport("siem", "", "logs.internal", 6514, is_tls=True, ca=HERE / "logs.pem"),
            SyslogExport("plain", "", "::1", 514),
            SyslogExport("local", "/dev/log"),
            WebhookExport("hook", "https://siem/in?x=1", HERE / "ca.pem", Path("/run/token")),
        ),
    )


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("{checkpoint: {records: 0}}", "from 1 to"),
        ("{checkpoint: {every: 1ms}}", "expected a duration"),
        ("{checkpoints: {}}", "checkpoints"),
        ("{exports: [{name: a}]}", "one of 'folder', 'syslog' and 'webhook'"),
        ('{exports: [{name: a, folder: x, syslog: "unix:/x"}]}', "one of 'folder'"),
        ("{exports: [{name: A, folder: x}]}", "expected a name"),
        ("{exports: [{name: a, folder: x}, {name: a, folder: y}]}", "another export"),
        ("{exports: [{name: a, folder: x, keep: 0}]}", "from 1 to"),
        ("{exports: [{name: a, folder: x, rotate: 1}]}", "expected a size"),
        ("{exports: [{name: a, folder: x, ca: y}]}", "'ca'"),
        ('{exports: [{name: a, syslog: "udp://h:1"}]}', "expected tls://"),
        ('{exports: [{name: a, syslog: "tcp://h"}]}', "expected tls://"),
        ('{exports: [{name: a, syslog: "tcp://h:1", ca: y}]}', "expected tls://"),
        ('{exports: [{name: a, syslog: "unix:relative"}]}', "expected tls://"),
        ('{exports: [{name: a, webhook: "ftp://h"}]}', "expected https://"),
        ('{exports: [{name: a, webhook: "https://u:p@h/"}]}', "token_file"),
        ('{exports: [{name: a, webhook: "https://h:99999/"}]}', "expected https://"),
        ('{exports: [{name: a, webhook: "https://[h/"}]}', "expected https://"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(section: str, problem: str) -> None:
    with pytest.raises(Misconfigured, match=r"^kms\.yaml:1:\d+: ") as caught:
        read(f"audit: {section}")
    assert problem in caught.value.why
