# SPDX-License-Identifier: Apache-2.0
"""Envelope Sidecar: transparent envelope encryption for unchanged applications."""

__version__ = "0.1.0"
