# SPDX-License-Identifier: Apache-2.0
"""Counts with their nouns, as people say them."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 query`, `2 queries`."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"
