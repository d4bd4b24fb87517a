# SPDX-License-Identifier: Apache-2.0
"""Seal and open whole values, against the bare cipher: `python -m bench.envelope`.

The baseline is `AESGCM` of `cryptography`, keyed once, with a fresh random nonce for each value. An
envelope adds a key of its own for each value (HKDF, key schedule), the commitment and the frame:
a fixed price of a few microseconds that small values feel. Long ones pay for chunks: the cipher is
called anew for each 16 KiB. "Seal" draws its salt, "open" starts from the bytes of the envelope, as
they do on the path of a request.
"""

import os
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench.rounds import Figure, Measure, interleave, rate, run
from sidecar.envelope import DEFAULT_SUITE, SALT_LENGTH, Context, open_envelope, parse, seal

SIZES = {"32 B": 32, "1 KB": 1024, "64 KB": 64 * 1024, "1 MB": 1024 * 1024}
GOALS = {
    "seal": {"32 B": 0.1, "1 KB": 0.11, "64 KB": 0.22, "1 MB": 0.33},
    "open": {"32 B": 0.035, "1 KB": 0.045, "64 KB": 0.2, "1 MB": 0.33},
}
"""Of the baseline's rate: about two thirds of what was measured."""
BASELINES = {"seal": "raw encrypt", "open": "raw decrypt"}

KEY = os.urandom(32)
EDK = os.urandom(108)  # as long as the bundled KMS makes them
CONTEXT = Context("crm", "customers", "ssn", "acme", "42").encode()


def calls(size: int) -> dict[str, Callable[[], object]]:
    """What is compared at one size."""
    plaintext, cipher = os.urandom(size), AESGCM(KEY)
    nonce = os.urandom(12)
    ciphertext = cipher.encrypt(nonce, plaintext, None)
    envelope = seal(DEFAULT_SUITE, KEY, EDK, CONTEXT, os.urandom(SALT_LENGTH), plaintext)
    return {
        "seal": lambda: seal(DEFAULT_SUITE, KEY, EDK, CONTEXT, os.urandom(SALT_LENGTH), plaintext),
        "open": lambda: open_envelope(KEY, parse(envelope), CONTEXT),
        "raw encrypt": lambda: cipher.encrypt(os.urandom(12), plaintext, None),
        "raw decrypt": partial(cipher.decrypt, nonce, ciphertext, None),
    }


def measure() -> list[Figure]:
    measures: dict[str, Measure] = {}
    for label, size in SIZES.items():
        measures |= {f"{name}, {label}": rate(call) for name, call in calls(size).items()}
    samples = interleave(measures)
    figures = [Figure(name, samples.median(name), "/s") for name in measures]
    for name, baseline in BASELINES.items():
        for label, goal in GOALS[name].items():
            ratio = samples.ratio(f"{name}, {label}", f"{baseline}, {label}")
            figures.append(Figure(f"{name} / {baseline}, {label}", ratio, "x", at_least=goal))
    return figures


if __name__ == "__main__":
    run("Envelope (cobblestone-256) against AESGCM of cryptography", measure)
