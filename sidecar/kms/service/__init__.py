# SPDX-License-Identifier: Apache-2.0
"""What the KMS does with CMKs, certificates and their material, below the words of its API."""
