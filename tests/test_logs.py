# SPDX-License-Identifier: Apache-2.0
"""The log tells enough to act on, and nothing that came in a message."""

import logging
import os
import subprocess
import sys

import pytest

from sidecar.errors import KeyUnavailable
from sidecar.logs import SafeFormatter

CANARY = "CANARY-9f86d081"


def _worded(
    name: str, message: str, *values: object, error: BaseException | None = None, **extra: object
) -> str:
    caught = (type(error), error, error.__traceback__) if error else None
    logger = logging.getLogger(name)
    record = logger.makeRecord(
        name, logging.WARNING, "place.py", 7, message, values, caught, extra=extra
    )
    return SafeFormatter().format(record)


def _raised(error: Exception) -> Exception:
    try:
        raise error  # noqa: TRY301 - to give it a traceback
    except Exception as caught:  # noqa: BLE001 - it is what was asked for
        return caught


def test_our_own_words_are_told_with_their_names() -> None:
    line = _worded("sidecar.keys", "CMK %s moved", "alias/customers", rule="customers")
    assert line.startswith("time=2")
    assert line.partition("Z ")[2] == (
        f"level=warning pid={os.getpid()} logger=sidecar.keys "
        'message="CMK alias/customers moved" rule="customers"'
    )


@pytest.mark.parametrize("name", ["httpx", "mitmproxy.proxy.server", "sidecarx", "root"])
def test_what_a_library_says_is_withheld(name: str) -> None:
    line = _worded(name, "GET /%s", CANARY, url=CANARY)
    assert CANARY not in line
    assert "place:7" in line


def test_the_text_of_an_unforeseen_error_is_withheld() -> None:
    line = _worded("sidecar.proxy.guard", "refused", error=_raised(ValueError(CANARY)))
    assert CANARY not in line
    assert 'error="ValueError"' in line
    assert "tests/test_logs.py:" in line


def test_our_own_errors_tell_why() -> None:
    line = _worded("sidecar.keys", "renewing", error=_raised(KeyUnavailable("the KMS is away")))
    assert 'error="KeyUnavailable: the KMS is away"' in line


def test_a_record_is_one_line_whatever_is_in_it() -> None:
    assert "\n" not in _worded("sidecar", "one\ntime=forged level=info %s", "x\r\ny", rule="a\nb")
    forged = _worded(
        "sidecar", "x", record="1\x85time=a\u2028time=b\x9b2J\u202e\x7f", tenant="客户"
    )
    assert len(forged.splitlines()) == 1
    assert forged.isprintable()
    assert "客户" in forged


PROGRAM = f"""
import asyncio, logging, sys, threading, warnings
from sidecar import logs
logs.configure()
logging.getLogger("httpx").info("{CANARY}")
logging.getLogger("sidecar.x").info("heard")
warnings.warn("{CANARY}")
async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.log_loop_trouble)
    async def fail(): raise KeyError("{CANARY}")
    task = loop.create_task(fail())
    await asyncio.sleep(0)
    del task
asyncio.run(main())
def fail_in_thread(): raise ValueError("{CANARY}")
thread = threading.Thread(target=fail_in_thread, name="{CANARY}")
thread.start()
thread.join()
class Last:
    def __del__(self): raise ValueError("{CANARY}")
del (last := [Last()])[:]
raise ValueError("{CANARY}")
"""


def test_a_whole_process_keeps_it_so() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 1
    assert CANARY not in done.stdout + done.stderr
    heard, warned, failed, thread, unraised, ended = done.stderr.splitlines()
    assert 'message="heard"' in heard
    assert "logger=py.warnings" in warned
    assert 'error="KeyError"' in failed
    assert 'ends a thread" error="ValueError"' in thread
    assert 'none can be raised" error="ValueError"' in unraised
    assert 'error="ValueError"' in ended
