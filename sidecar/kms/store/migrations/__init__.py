# SPDX-License-Identifier: Apache-2.0
"""The schema's history; a package so that it is shipped."""
