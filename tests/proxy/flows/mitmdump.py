# SPDX-License-Identifier: Apache-2.0
"""A stock `mitmdump` or `mitmweb` with our addon, in front of the recording origin."""

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Self

import sidecar.addon

_LISTENING = re.compile(r"listening at (?:127\.0\.0\.1|\*):(\d+)")


class Mitmdump:
    """One process; `log` grows while it runs."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        script: Path | None = None,
        program: str = "mitmdump",
    ) -> None:
        self.folder = folder / "mitmproxy"
        self.log = ""
        self.port = 0
        self._changed = threading.Condition()
        script = script or Path(sidecar.addon.__file__)
        self._process = subprocess.Popen(
            [
                *(Path(sys.executable).with_name(program), "--listen-host", "127.0.0.1"),
                *("--listen-port", "0", "--set", f"confdir={self.folder}"),
                *("-s", script, "--set", f"sidecar={folder / 'sidecar.yaml'}", *arguments),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        self.wait_for(_LISTENING.pattern)
        found = _LISTENING.search(self.log)
        assert found is not None
        self.port = int(found[1])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self.ended()

    @property
    def ca(self) -> Path:
        """What its clients trust."""
        return self.folder / "mitmproxy-ca-cert.pem"

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        code = self._process.wait(30)
        self._reader.join()
        return code

    def wait_for(self, pattern: str) -> None:
        """Wait until it has logged `pattern`."""
        with self._changed:
            is_there = self._changed.wait_for(
                lambda: re.search(pattern, self.log) or self._process.poll() is not None, 30
            )
        assert is_there, self.log
        assert re.search(pattern, self.log), self.log

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.log += line
                    self._changed.notify_all()
        self._process.wait()
        with self._changed:
            self._changed.notify_all()
