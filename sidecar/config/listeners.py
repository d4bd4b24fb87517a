# SPDX-License-Identifier: Apache-2.0
"""`listeners`: what the proxy listens on, and the upstream behind each."""

from pathlib import Path
from typing import Literal

from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Listener, ServerTls, Upstream
from sidecar.rules import read_authority
from sidecar.strict_yaml import Entry


def read_listener(entry: Entry, folder: Path) -> Listener:
    """One entry of `listeners`."""
    host, port = entry.get("listen").address()
    tls = entry.find("upstream_tls")
    listener = Listener(
        host=host,
        port=port,
        upstream=_upstream(entry.get("upstream"), tls, folder),
        tls=entry.optional("tls", lambda found: _server_tls(found, folder), None),
        host_header=entry.optional("host_header", _host_header, "keep"),
    )
    entry.finish()
    return listener


def _host_header(entry: Entry) -> Literal["keep", "upstream"]:
    return "keep" if entry.one_of(("keep", "upstream")) == "keep" else "upstream"


def _server_tls(entry: Entry, folder: Path) -> ServerTls:
    tls = ServerTls(named_file(entry.get("cert"), folder), named_file(entry.get("key"), folder))
    entry.finish()
    return tls


def _upstream(entry: Entry, tls: Entry | None, folder: Path) -> Upstream:
    ca = cert = key = None
    if tls is not None:
        ca, cert, key = (
            named_file(found, folder) if (found := tls.find(name)) else None
            for name in ("ca", "cert", "key")
        )
        tls.finish()
    try:
        if entry.text() == "kms":
            return Upstream("kms", "", 0, ca, cert, key)
        return upstream_of(entry.text(), ca, cert, key)
    except Misconfigured as error:
        raise entry.error(error.why) from None


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
