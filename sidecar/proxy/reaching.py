# SPDX-License-Identifier: Apache-2.0
"""Whether an upstream can be reached as the host would reach it, TLS included; nothing is sent."""

import asyncio
import contextlib

from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Upstream
from sidecar.proxy.tls_context import outward_connection, outward_context

_READ_BYTES = 65536
_ADVICE = "is it running, and is this its address?"


async def reach(upstream: Upstream, seconds: float) -> str:
    """How it was reached; Misconfigured where it is not, within `seconds`."""
    authority = upstream.authority
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(upstream.host, upstream.port)
            try:
                if upstream.scheme != "https":
                    return f"{authority} accepts connections"
                return (
                    f"{authority} is who it says, in {await _handshake(upstream, reader, writer)}"
                )
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        raise Misconfigured(f"{authority} did not answer in {seconds:g} s; {_ADVICE}") from None
    except OSError as error:
        why = error.strerror or error
        raise Misconfigured(f"{authority} cannot be reached: {why}; {_ADVICE}") from None
    except SSL.Error:
        raise Misconfigured(
            f"{authority} speaks no TLS, or its certificate does not verify; is the right `ca` set "
            "for it?"
        ) from None


async def _handshake(
    upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> str:
    """Shake hands; the version of TLS that both ends took."""
    connection = outward_connection(
        upstream.host, outward_context(upstream.ca, upstream.client_cert, upstream.client_key)
    )
    while True:
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            pass
        else:
            return connection.get_protocol_version_name()
        finally:
            with contextlib.suppress(SSL.WantReadError):
                writer.write(connection.bio_read(_READ_BYTES))
        connection.bio_write(await _some(reader))


async def _some(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(_READ_BYTES)
    if not data:
        raise ConnectionResetError("it hung up in the handshake")
    return data
