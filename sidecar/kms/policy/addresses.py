# SPDX-License-Identifier: Apache-2.0
"""IP addresses in one reading: an IPv4 address that was written as an IPv6 one is the IPv4 one.

So an IPv4 caller on an IPv6 socket, and a policy that says `::ffff:10.0.0.0/104`, meet.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

_MAPPED = IPv6Network("::ffff:0:0/96")


def read_address(text: str) -> IPv4Address | IPv6Address:
    """Raise ValueError where it is none."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def read_network(text: str) -> IPv4Network | IPv6Network:
    """A network, or an address as a network of one; raise ValueError."""
    network = ip_network(text)
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        address = read_address(str(network.network_address))
        return ip_network(f"{address}/{network.prefixlen - _MAPPED.prefixlen}")
    return network
