# SPDX-License-Identifier: Apache-2.0
"""Certificates for keys that never leave the KMS (API.md, "Certificates").

subject · keys → request        what a CA is asked for
chain                           what it gave is for this key, and hangs together
digests · statuses              what is signed, and when
"""
