# SPDX-License-Identifier: Apache-2.0
"""Whether a client of OpenSSL, strict as newer Pythons make it, believes what it is shown."""

import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from tests.proxy.test_tls import Peer


def is_believed(root: x509.Certificate, shown: SSL.Context, host: str) -> bool:
    """Whether who trusts `root` alone takes a server with the context `shown` for `host`."""
    context = ssl.create_default_context(cadata=root.public_bytes(Encoding.PEM).decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    server = SSL.Connection(shown)
    server.set_accept_state()
    try:
        Peer(context, host).meet(server)
    except ssl.SSLCertVerificationError:
        return False
    return True
