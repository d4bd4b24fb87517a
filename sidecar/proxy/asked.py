# SPDX-License-Identifier: Apache-2.0
"""What clients of a forward listener ask for, and which of it they get.

    CONNECT host:port          a tunnel: intercepted where rules name the host, else left alone
    GET http://host:port/path  one request, which goes on in origin form

A client says the destination more than once: in the target, in Host, and behind CONNECT in TLS
(`tls.py`) and in every Host there. All have to agree, or the store might go by one of them and the
rules by another. What is refused is refused before anything is sent, and for good.
"""

import re
from collections.abc import Collection
from typing import Literal, NamedTuple

import msgspec

from sidecar.errors import Malformed, Refused
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.naming import is_address, read_destination
from sidecar.rules import spell_authority

_LABELS = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*"
_ABSOLUTE = re.compile(rb"(?i)(https?)://([^/?#]*)([/?].*)?")
_NOT_FOR_HOSTS = frozenset((b"proxy-connection", b"proxy-authorization"))
_FOR_PROXIES = re.compile(rb"(?i)\r\nproxy-(?:connection|authorization):[^\r]*")


class Misdirected(Refused):
    """A request names another destination than the one that its connection was made for."""

    status = 421
    code = "misdirected"


class NotForwarded(Refused):
    """A destination that this listener does not reach."""

    status = 403
    code = "not_forwarded"


class Asked(NamedTuple):
    """One request to a forward proxy; `frame` is it in the form that the destination gets."""

    scheme: Literal["http", "connect"]
    host: str
    port: int
    frame: Frame

    @property
    def authority(self) -> str:
        return spell_authority(self.host, self.port)


def read_asked(frame: Frame) -> Asked:
    """What `frame` asks for; Refused where it does not say so in one way."""
    target = frame.target.decode("latin-1")
    if frame.method == b"CONNECT":
        host, port = read_destination(target, None)
        check_host(frame, host, port, default=port)
        return Asked("connect", host, port, frame)
    match = _ABSOLUTE.fullmatch(frame.target)
    if match is None:
        raise Malformed("this is a forward proxy: a request names the whole URL of its target")
    scheme, authority, path = match.groups()
    if scheme.lower() != b"http":
        raise Malformed("https goes through a forward proxy by CONNECT alone")
    host, port = read_destination(authority.decode("latin-1"), 80)
    check_host(frame, host, port, default=80)
    return Asked("http", host, port, _in_origin_form(frame, path or b""))


def check_host(frame: Frame, host: str, port: int, default: int) -> None:
    """Misdirected where the Host field of `frame`, if any, names another destination."""
    if frame.host and read_destination(frame.host.decode("latin-1"), default) != (host, port):
        raise Misdirected("the Host field names another destination than the target")


def _in_origin_form(frame: Frame, path: bytes) -> Frame:
    """`frame` as the destination gets it (RFC 9112 §3.2.1), without what was said to the proxy."""
    path = path if path.startswith(b"/") else b"/" + path
    first, end, rest = frame.raw.partition(b"\r\n")
    version = first.rpartition(b" ")[2]
    fields = _FOR_PROXIES.sub(b"", end + rest)
    headers = tuple(line for line in frame.headers if line[0].lower() not in _NOT_FOR_HOSTS)
    raw = b"%b %b %b%b" % (frame.method, path, version, fields)
    return msgspec.structs.replace(frame, raw=raw, target=path, headers=headers)


class Reach:
    """Which destinations a listener reaches: those that `allow` matches, all when it is empty."""

    def __init__(self, allow: Collection[str]) -> None:
        self._said = frozenset(allow)
        patterns = "|".join(re.escape(each).replace(r"\*", _LABELS) for each in allow)
        self._allow = re.compile(patterns) if patterns else None

    def check(self, authority: str) -> None:
        """NotForwarded where `authority` is not among them."""
        if self._allow is not None and self._allow.fullmatch(authority) is None:
            raise NotForwarded(f"{authority} is not among the destinations that are allowed here")

    def has_said(self, authority: str) -> bool:
        """Whether `authority` is among them by itself, and not by a pattern."""
        return authority in self._said


def check_no_alias(host: str, port: int, protected: Collection[str]) -> None:
    """NotForwarded where `host` is very likely another name of a host that rules name.

    Resolvers complete short names, so `crm`, `crm.prod.svc` and `crm.prod.svc.cluster.local` are
    one host, of which rules may know one name only; under another its fields would pass in clear.
    """
    for authority in protected:
        other, _, number = authority.rpartition(":")
        if number == str(port) and (other.startswith(f"{host}.") or host.startswith(f"{other}.")):
            raise NotForwarded(
                f"{host} looks like another name of {authority}, which rules name; ask for that "
                "one, or let rules name both"
            )


def check_no_bare_address(host: str, port: int, protected: Collection[str]) -> None:
    """NotForwarded where `host` is an address, and a host that rules name may stand behind it.

    Any may that has the port; which one does only its name tells, and that was not said.
    """
    if not is_address(host):
        return
    for authority in protected:
        if authority.rpartition(":")[2] == str(port):
            raise NotForwarded(
                f"{host} may be the address of {authority}, which rules name; ask for the host by "
                "its name, or let `allow` name this address"
            )
