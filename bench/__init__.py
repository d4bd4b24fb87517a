# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: each compares with a named baseline in the same run and holds its goals."""
