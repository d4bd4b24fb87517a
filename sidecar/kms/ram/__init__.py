# SPDX-License-Identifier: Apache-2.0
"""RAM and STS below their APIs: who may call, what holds for them, and credentials that end."""
