# SPDX-License-Identifier: Apache-2.0
"""One step of the schema a file, in the order of their numbers."""
