# SPDX-License-Identifier: Apache-2.0
"""Documentation of a module as help of a command."""


def unwrapped(text: str | None) -> str:
    """`text` in paragraphs that click does not wrap again."""
    return "\n\n".join(f"\b\n{part}" for part in (text or "").split("\n\n"))
