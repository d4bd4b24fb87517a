# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.formats`: the table of formats and operations, each cell proved as it runs."""

import asyncio
import sys

from tests.formats.format import Format
from tests.formats.operations import OPERATIONS, stage
from tests.formats.table import FORMATS

WORKS, FAILS, NONE = "yes", "**no**", "-"


async def cell(format_: Format, name: str) -> str:
    """What stands in the table for one operation in one format."""
    if name in format_.lacks:
        return NONE
    try:
        async with stage(format_) as found:
            await OPERATIONS[name](found)
    except Exception as error:  # noqa: BLE001 - a table of what works and what does not
        print(f"{format_.name}, {name}: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILS
    return WORKS


async def main() -> int:
    """Print the table; 1 where a cell fails."""
    print("| format |", " | ".join(OPERATIONS), "|")
    print("|---" * (len(OPERATIONS) + 1), "|", sep="")
    failed = False
    for format_ in FORMATS.values():
        cells = [await cell(format_, name) for name in OPERATIONS]
        failed = failed or FAILS in cells
        print(f"| {format_.name} |", " | ".join(cells), "|", flush=True)
    print()
    for format_ in FORMATS.values():
        for why in dict.fromkeys(format_.lacks.values()):
            names = [name for name in OPERATIONS if format_.lacks.get(name) == why]
            print(f"- {format_.name} has no {', '.join(names)}: {why}.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
