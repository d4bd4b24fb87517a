# SPDX-License-Identifier: Apache-2.0
"""Make `tests/vectors/envelope/*.json`: one scenario a file, byte for byte the same every time.

    python -m tests.vectors.generate

What is right comes from `independent`, never from the product. Each file is an object: `what` is
tried, what to `expect` (`success`, `malformed`, `cannot-open`), and the inputs. Bytes are hex
(`envelope`: base64 with padding); a plaintext `{"counting": n}` has n bytes, the i-th i mod 251.
README.md beside this file says what a reader does with each.
"""

import json
from pathlib import Path

from tests.vectors import messages, values

FOLDER = Path(__file__).parent / "envelope"
PARTS = (
    messages.successes,
    messages.wrong_places,
    messages.altered_frames,
    messages.altered_bodies,
    values.texts,
    values.contexts,
    values.lexemes,
    values.digits,
    values.nist_samples,
)


def files() -> dict[str, bytes]:
    """Every file by its name."""
    found: dict[str, bytes] = {}
    for part in PARTS:
        for name, scenario in part():
            if f"{name}.json" in found:
                raise ValueError(f"two scenarios are named {name}")
            found[f"{name}.json"] = (json.dumps(scenario, indent=1) + "\n").encode("ascii")
    return found


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.iterdir():
        stale.unlink()
    for name, content in files().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
