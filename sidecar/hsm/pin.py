# SPDX-License-Identifier: Apache-2.0
"""Where a token's PIN comes from: a file or an environment variable, read anew at each login.

A `Pin` shows itself nowhere; `reveal` is called where the PIN is handed to the token. There is
no PIN inside a URI (RFC 7512 `pin-value`): URIs end up in logs.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from sidecar.errors import Misconfigured
from sidecar.hsm.errors import HsmUnavailable
from sidecar.regular_file import open_regular

MAX_PIN_BYTES = 255
"""The longest PIN that SoftHSM takes; real tokens take less."""


class Pin:
    """A PIN that can be compared and revealed, but not printed or pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pin) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Pin(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN is not pickled")


@dataclass(frozen=True, slots=True)
class PinFile:
    """A file that holds the PIN and nothing else; one line end at its end is not part of it."""

    path: Path

    def read(self) -> Pin:
        """Raise HsmUnavailable where the file is not there, not private or not a PIN."""
        try:
            with open_regular(self.path) as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise HsmUnavailable(
                        f"{self.path}: the PIN file is open to others; run chmod 600 on it"
                    )
                data = file.read(MAX_PIN_BYTES + 3)
        except OSError as error:
            raise HsmUnavailable(f"{self.path}: no PIN to be read: {error.strerror}") from error
        return _pin(data.removesuffix(b"\n").removesuffix(b"\r"), str(self.path))

    def __str__(self) -> str:
        return f"file:{self.path}"


@dataclass(frozen=True, slots=True)
class PinVariable:
    """An environment variable that holds the PIN."""

    name: str

    def read(self) -> Pin:
        """Raise HsmUnavailable where the variable is not set or not a PIN."""
        value = os.environb.get(self.name.encode())
        if value is None:
            raise HsmUnavailable(f"the environment variable {self.name} is not set")
        return _pin(value, f"environment variable {self.name}")

    def __str__(self) -> str:
        return f"env:{self.name}"


def parse_pin_source(text: str) -> PinFile | PinVariable:
    """`file:/absolute/path` or `env:NAME`. The complaint does not repeat what was given."""
    scheme, _, rest = text.partition(":")
    if scheme == "file":
        path = rest.removeprefix("//") if rest.startswith("///") else rest
        if path.startswith("/") and not path.startswith("//"):
            return PinFile(Path(path))
    if scheme == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", rest):
        return PinVariable(rest)
    raise Misconfigured("pin-source must be file:/absolute/path or env:NAME")


def _pin(data: bytes, where: str) -> Pin:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or len(data) > MAX_PIN_BYTES or not text.isprintable():
        raise HsmUnavailable(f"{where}: does not hold one PIN of 1 to {MAX_PIN_BYTES} bytes")
    return Pin(text)
