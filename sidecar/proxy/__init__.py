# SPDX-License-Identifier: Apache-2.0
"""The host: mitmproxy embedded, HTTP/1.1 carried by our own layer, one guard around it all."""

from sidecar.proxy.settings import (
    KMS_HOSTS,
    Admin,
    Forward,
    Limits,
    Listener,
    ProxySettings,
    ServerTls,
    Upstream,
    Via,
)

__all__ = [
    "KMS_HOSTS",
    "Admin",
    "Forward",
    "Limits",
    "Listener",
    "ProxySettings",
    "ServerTls",
    "Upstream",
    "Via",
]
