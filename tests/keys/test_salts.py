# SPDX-License-Identifier: Apache-2.0
"""Salts are drawn together, serve once each, and never in two processes."""

import os

from sidecar.envelope import SALT_LENGTH
from sidecar.keys.salts import Salts


def test_every_salt_is_another_one_and_few_draws_serve_many() -> None:
    draws: list[int] = []

    def random(length: int) -> bytes:
        draws.append(length)
        return os.urandom(length)

    salts = Salts(random)
    drawn = [salts.fresh() for _ in range(1000)]
    assert len(set(drawn)) == len(drawn)
    assert {len(salt) for salt in drawn} == {SALT_LENGTH}
    assert len(draws) < 10


def test_a_forked_child_shares_no_salt_with_its_parent() -> None:
    salts = Salts(os.urandom)
    salts.fresh()  # some lie ready now
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, b"".join(salts.fresh() for _ in range(100)))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    ours = {salts.fresh() for _ in range(100)}
    assert len(theirs) == 100 * SALT_LENGTH
    assert ours.isdisjoint(theirs[at : at + SALT_LENGTH] for at in range(0, len(theirs), 24))
