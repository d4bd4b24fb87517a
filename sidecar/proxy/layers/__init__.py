# SPDX-License-Identifier: Apache-2.0
"""Protocols that we carry ourselves, one package a protocol, each a mitmproxy `Layer`."""
