# SPDX-License-Identifier: Apache-2.0
"""A KMS core in this process: its real engine over a real token and database, without a socket."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from sidecar.hsm import HsmThread, softhsm
from sidecar.kms.accounts import Account
from sidecar.kms.api.action import Answer
from sidecar.kms.engine import Engine
from sidecar.kms.faults import Fault
from sidecar.kms.proof import prove
from sidecar.kms.ram import seeding
from sidecar.kms.ram.directory import Directory
from sidecar.kms.request import Received
from sidecar.kms.store import Database
from sidecar.signing import AccessKey, Request
from tests.kms.raw import signed

NOW = 1_767_225_600
REGION = "cn-hangzhou"
RAM, STS, KMS = "2015-05-01", "2015-04-01", "2016-01-20"


class Asked(NamedTuple):
    """One call, by whom (nobody, where it is not signed) and whence."""

    action: str
    parameters: dict[str, str]
    key: AccessKey | None
    version: str = KMS
    source_ip: str = "192.0.2.1"
    is_secure: bool = False


class Inside:
    """The core of `accounts`; `now` is what its clock and those of its callers say."""

    def __init__(self, hsm: HsmThread, database: Database, accounts: Sequence[Account]) -> None:
        self.hsm = hsm
        self.database = database
        self.accounts = accounts
        self.directory = Directory(accounts)
        self.now = NOW
        self._engine = Engine([REGION], self.directory, hsm, database, lambda: self.now)
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.__exit__(None, None, None)

    def together(self, *calls: Asked) -> list[Answer | Fault]:
        """What calls are answered that come in one round, in this order."""

        async def ask() -> list[Answer | Fault]:
            return await asyncio.gather(*(self._ask(one) for one in calls))

        return asyncio.run(ask())

    def call(self, action: str, key: AccessKey, version: str = KMS, **parameters: str) -> Answer:
        """The answer; raise Fault."""
        (outcome,) = self.together(Asked(action, parameters, key, version))
        if isinstance(outcome, Fault):
            raise outcome
        return outcome

    async def _ask(self, asked: Asked) -> Answer | Fault:
        number = str(next(self._numbers))
        request = _request(asked, number, self.now)
        received = Received(
            number,
            request.method,
            request.target.encode(),
            request.headers,
            request.body,
            "kms",
            asked.source_ip,
            asked.is_secure,
        )
        try:
            return await self._engine.call(received)
        except Fault as fault:
            return fault


def _request(asked: Asked, nonce: str, now: int) -> Request:
    action, parameters = asked.action, asked.parameters.items()
    if asked.key is not None:
        return signed(
            action, *parameters, key=asked.key, version=asked.version, now=now, nonce=nonce
        )
    query = (("Action", action), ("Version", asked.version), *parameters)
    return Request("POST", query=query, headers=((b"host", b"kms"),))


@contextmanager
def core(folder: Path, *accounts: Account) -> Iterator[Inside]:
    """One on a new token and database in `folder`, with what the accounts begin with."""
    token = softhsm.provision(folder / "hsm")
    database = Database.sqlite(folder / "kms.db")
    try:
        with HsmThread(token) as hsm:
            prove(hsm, database)
            hsm.run(lambda one: seeding.plant(database, one, accounts, NOW, REGION))
            with Inside(hsm, database, accounts) as inside:
                yield inside
    finally:
        database.close()
