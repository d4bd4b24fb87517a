# SPDX-License-Identifier: Apache-2.0
"""The API on the wire: requests in, JSON out, one action a file."""
