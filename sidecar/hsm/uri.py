# SPDX-License-Identifier: Apache-2.0
"""PKCS#11 URIs (RFC 7512): which module, which token, and where its PIN comes from.

    pkcs11:token=kms?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/kms/pin

Strict: an attribute that names nothing we use, stands twice or is spelled with a bad percent
sign is refused, so that a URI means one thing. `x-softhsm2-conf` is a vendor attribute (RFC 7512
section 2.3, `pk11-v-qattr`) naming SoftHSM's configuration file, which that module otherwise
takes from the environment.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote_to_bytes

from sidecar.errors import Misconfigured
from sidecar.hsm.pin import PinFile, PinVariable, parse_pin_source

# RFC 7512 section 2.3: pk11-pchar less the separator, and pk11-qchar less the separator.
_PATH_VALUE = re.compile(r"(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*")
_QUERY_VALUE = re.compile(r"(?:[A-Za-z0-9\-._~:\[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*")
_PATH_NAMES = ("token", "serial")
_QUERY_NAMES = ("module-path", "pin-source", "x-softhsm2-conf")


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """One token of one module; holds no secret, so it may be printed."""

    module: Path
    pin_source: PinFile | PinVariable
    token: str | None = None
    serial: str | None = None
    softhsm2_conf: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise Misconfigured for anything but a URI with module, token (or serial) and PIN."""
        scheme, colon, rest = text.partition(":")
        if scheme.lower() != "pkcs11" or not colon:
            raise Misconfigured("an HSM is named by a URI that begins with pkcs11:")
        path, _, query = rest.partition("?")
        named = _attributes(path.split(";"), _PATH_NAMES, _PATH_VALUE)
        asked = _attributes(query.split("&"), _QUERY_NAMES, _QUERY_VALUE)
        if not named:
            raise Misconfigured("pkcs11 URI: name the token by token= or serial=")
        for name in ("module-path", "pin-source"):
            if name not in asked:
                raise Misconfigured(f"pkcs11 URI: {name} is missing")
        conf = asked.get("x-softhsm2-conf")
        return cls(
            module=_absolute("module-path", asked["module-path"]),
            pin_source=parse_pin_source(asked["pin-source"]),
            token=named.get("token"),
            serial=named.get("serial"),
            softhsm2_conf=_absolute("x-softhsm2-conf", conf) if conf is not None else None,
        )

    def __str__(self) -> str:
        """The URI's one canonical spelling; `parse` reads it back."""
        path = {"token": self.token, "serial": self.serial}
        query = {
            "module-path": self.module,
            "pin-source": self.pin_source,
            "x-softhsm2-conf": self.softhsm2_conf,
        }
        return (
            "pkcs11:"
            + ";".join(f"{k}={quote(v, safe=':@')}" for k, v in path.items() if v is not None)
            + "?"
            + "&".join(f"{k}={quote(str(v), safe=':@/')}" for k, v in query.items() if v)
        )


def _attributes(
    parts: Iterable[str], known: tuple[str, ...], value_grammar: re.Pattern[str]
) -> dict[str, str]:
    """The attributes in `parts`, decoded. Complaints name attributes, never their values."""
    found: dict[str, str] = {}
    for part in parts:
        if not part:
            continue
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise Misconfigured("pkcs11 URI: pin-value is not accepted; use pin-source")
        if name not in known:
            raise Misconfigured(
                f"pkcs11 URI: an attribute is not known here; known are {', '.join(known)}"
            )
        if name in found:
            raise Misconfigured(f"pkcs11 URI: {name} stands twice")
        if not equals or not value or not value_grammar.fullmatch(value):
            raise Misconfigured(f"pkcs11 URI: {name} has no well-formed value")
        try:
            found[name] = unquote_to_bytes(value).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Misconfigured(f"pkcs11 URI: {name} is not UTF-8") from error
        if not found[name].isprintable():
            raise Misconfigured(f"pkcs11 URI: {name} holds a control character")
    return found


def _absolute(name: str, text: str) -> Path:
    """A relative module would be looked up along a search path that others may write to."""
    path = Path(text)
    if not path.is_absolute():
        raise Misconfigured(f"pkcs11 URI: {name} must be an absolute path")
    return path
