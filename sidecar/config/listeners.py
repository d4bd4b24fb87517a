# SPDX-License-Identifier: Apache-2.0
"""`listeners`: what the proxy listens on, and what stands behind each."""

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private
from sidecar.proxy.settings import Forward, Listener, ServerTls, Upstream, Via
from sidecar.rules import read_authority
from sidecar.strict_yaml import Entry

_USER_AND_PASSWORD = re.compile(rb"[^\x00-\x1f:]*:[^\x00-\x1f]*")


def read_listener(entry: Entry, folder: Path) -> Listener:
    """One entry of `listeners`."""
    host, port = entry.get("listen").address()
    mode = entry.find("mode")
    listener = Listener(
        host=host,
        port=port,
        upstream=_forward(entry, mode, folder) if mode else _upstream(entry, folder),
        tls=entry.optional("tls", lambda found: _tls(found, folder), None),
        host_header="keep" if mode else entry.optional("host_header", _host_header, "keep"),
    )
    entry.finish()
    return listener


def _host_header(entry: Entry) -> Literal["keep", "upstream"]:
    return "keep" if entry.one_of(("keep", "upstream")) == "keep" else "upstream"


def _tls(entry: Entry, folder: Path) -> ServerTls:
    client_ca = entry.find("client_ca")
    pair = read_pair(entry, folder)
    return replace(pair, client_ca=named_file(client_ca, folder)) if client_ca else pair


def read_pair(entry: Entry, folder: Path) -> ServerTls:
    """A certificate and its key, each in a file."""
    pair = ServerTls(named_file(entry.get("cert"), folder), named_file(entry.get("key"), folder))
    entry.finish()
    return pair


def _forward(entry: Entry, mode: Entry, folder: Path) -> Forward:
    """What a listener with `mode: forward` may say besides."""
    mode.one_of(("forward",))
    upstream = entry.find("upstream")
    if upstream is not None:
        raise upstream.error("a forward listener has no `upstream`: its clients name them")
    found = entry.find("allow")
    allow = tuple(_pattern(each) for each in found.items()) if found else ()
    ca, cert, key = _upstream_tls(entry, folder)
    try:
        return Forward(allow, ca, cert, key, _via(entry, folder))
    except Misconfigured as error:
        raise mode.error(error.why) from None


def _pattern(entry: Entry) -> str:
    """`host:port`, where labels of the host may be `*`."""
    text = entry.text().lower()
    try:
        read_authority(text.replace("*", "x"))
    except Misconfigured as error:
        raise entry.error(error.why.replace(text.replace("*", "x"), text)) from None
    return text


def _via(entry: Entry, folder: Path) -> Via | None:
    place, credentials = entry.find("via"), entry.find("via_credentials")
    if place is None:
        if credentials is not None:
            raise credentials.error("`via_credentials` belongs to `via`, another proxy on the way")
        return None
    try:
        proxy = upstream_of(place.text())
    except Misconfigured as error:
        raise place.error(error.why) from None
    if proxy.scheme != "http":
        raise place.error("the proxy on the way is spoken to in plain HTTP: http://HOST:PORT")
    authorization = _authorization(credentials, folder) if credentials else b""
    return Via(proxy.host, proxy.port, authorization)


def _authorization(entry: Entry, folder: Path) -> bytes:
    """What Proxy-Authorization says for the `user:password` in a private file (RFC 7617)."""
    try:
        pair = read_private(named_file(entry, folder)).removesuffix(b"\n").removesuffix(b"\r")
    except Misconfigured as error:
        raise entry.error(error.why) from None
    if not _USER_AND_PASSWORD.fullmatch(pair):
        raise entry.error("the file does not hold one line `user:password`")
    return b"Basic " + base64.b64encode(pair)


def _upstream(entry: Entry, folder: Path) -> Upstream:
    ca, cert, key = _upstream_tls(entry, folder)
    place = entry.get("upstream")
    try:
        if place.text() == "kms":
            return Upstream("kms", "", 0, ca, cert, key)
        return upstream_of(place.text(), ca, cert, key)
    except Misconfigured as error:
        raise place.error(error.why) from None


def _upstream_tls(entry: Entry, folder: Path) -> tuple[Path | None, Path | None, Path | None]:
    """CA, client certificate and its key, as far as they are given."""
    tls = entry.find("upstream_tls")
    if tls is None:
        return None, None, None
    ca, cert, key = (
        named_file(found, folder) if (found := tls.find(name)) else None
        for name in ("ca", "cert", "key")
    )
    tls.finish()
    return ca, cert, key


def upstream_of(
    url: str, ca: Path | None = None, cert: Path | None = None, key: Path | None = None
) -> Upstream:
    """The upstream that `url` names; Misconfigured when it is more or less than an origin."""
    scheme, slashes, rest = url.partition("://")
    authority = rest.removesuffix("/")
    if not slashes or scheme not in ("http", "https") or not authority:
        raise Misconfigured(f"{url!r}: expected http://HOST:PORT or https://HOST:PORT")
    if not authority.rpartition(":")[2].isdigit():
        authority += ":443" if scheme == "https" else ":80"
    host, _, port = read_authority(authority).rpartition(":")
    kind: Literal["http", "https"] = "https" if scheme == "https" else "http"
    return Upstream(kind, host.strip("[]"), int(port), ca, cert, key)


def named_file(entry: Entry, folder: Path) -> Path:
    """A file that `entry` names relative to `folder`, and that is there."""
    path = folder / entry.text()
    if not path.is_file():
        raise entry.error(f"{path} is not a file")
    return path
