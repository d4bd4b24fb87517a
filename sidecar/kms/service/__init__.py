# SPDX-License-Identifier: Apache-2.0
"""What the KMS knows of names, states and ciphertexts; nothing here reads the store."""
