# SPDX-License-Identifier: Apache-2.0
"""The application's own calls to the KMS API go to the configured KMS as they came."""

import logging

import pytest

from sidecar.proxy import KMS_HOSTS, Listener, ProxySettings, Upstream
from sidecar.proxy.kms_forward import KmsForward
from tests.fixtures.origin import Origin
from tests.proxy.rig import Marking, answer, get, serving

FORWARD = KmsForward(Upstream("http", "127.0.0.1", 1), KMS_HOSTS)


@pytest.mark.parametrize(
    ("host", "named"),
    [
        (b"kms.cn-hangzhou.aliyuncs.com", True),
        (b"KMS.eu-central-1.AliyunCS.com:443", True),
        (b"kms-vpc.cn-beijing.aliyuncs.com.", True),
        (b"kms.a.b.aliyuncs.com", True),
        (b"kms.aliyuncs.com", False),
        (b"kms..aliyuncs.com", False),
        (b"xkms.cn-hangzhou.aliyuncs.com", False),
        (b"kms.cn-hangzhou.aliyuncs.com.evil.example", False),
        (b"kms.cn-hangzhou.aliyuncsxcom", False),
        (b"store", False),
        (b"", False),
    ],
)
def test_the_host_decides(host: bytes, *, named: bool) -> None:
    assert FORWARD.names(host) is named


async def test_calls_to_the_kms_go_there_as_they_came_and_all_else_to_the_store(
    origin: Origin, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Origin() as kms:
        kms.answer = answer(b"from the kms")
        store = Upstream("http", "127.0.0.1", origin.port)
        settings = ProxySettings(
            (
                Listener("127.0.0.1", 0, store, host_header="upstream"),
                Listener("127.0.0.1", 0, Upstream("kms")),
            ),
            kms=Upstream("http", "127.0.0.1", kms.port),
        )
        call = get(b"/held?Action=Encrypt&Plaintext=c2VjcmV0", b"X: y").replace(
            b"Host: store", b"Host: kms.cn-hangzhou.aliyuncs.com"
        )
        async with serving(origin, settings=settings) as rig:
            client = await rig.client()
            assert (await client.ask(call)).body == b"from the kms"
            assert (await client.ask(get(b"/plain"))).body == b"ok"
            assert (await client.ask(call)).body == b"from the kms"
            other = await rig.client(1)
            assert (await other.ask(get(b"/held"))).body == b"from the kms"
            assert rig.host.stats.requests_kms == 3
    assert kms.everything == call * 2 + get(b"/held")
    assert b"kms" not in origin.everything
    assert "Plaintext" not in caplog.text


async def test_without_a_kms_its_hosts_mean_nothing_special(origin: Origin) -> None:
    async with serving(origin, Marking()) as rig:
        call = get(b"/held").replace(b"Host: store", b"Host: kms.cn-hangzhou.aliyuncs.com")
        assert (await (await rig.client()).ask(call)).status == 200
    assert len(origin.complete) == 1
