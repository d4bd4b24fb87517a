# SPDX-License-Identifier: Apache-2.0
"""Is the trail what was written? Asked of the database and of exported files alike.

Every record is hashed again and every checkpoint compared with the chain as it stands there. With
the public keys at hand their signatures are checked as well; then nobody without the token can have
written anything else up to the newest checkpoint. What can still be missing is an end: it is found
by a head that was noted elsewhere (`anchor`), which the exported files and the database are for
each other.
"""

from collections.abc import Generator, Iterable
from contextlib import closing
from typing import NamedTuple

from sqlalchemy import Connection

from sidecar.errors import Misconfigured
from sidecar.kms.audit.chain import START, ChainBroken, Head, Link, chained, read, read_head
from sidecar.kms.audit.checkpoint import Checkpoint, Keys, read_floor

REPEATS_KNOWN = 10_000
"""How far back an export may begin again: longer than any batch of one."""


class Claim(NamedTuple):
    """One record as it was found, the digest that it is said to follow, and where it stands."""

    link: Link
    previous: bytes
    place: str = ""

    def broken(self, problem: str, sequence: int | None = None) -> ChainBroken:
        return ChainBroken(sequence or self.link.sequence, problem, self.place)


class Verified(NamedTuple):
    """What was found to be so."""

    first: int
    """The number of the first record that was there."""
    head: Head
    floor: int = 1
    """The first record that has to be there, by the newest checkpoint."""
    signed_to: int = 0
    """The last record that a checkpoint speaks for; 0 where there is none."""
    signed_at: str = ""

    @property
    def total(self) -> int:
        """How many records there were."""
        return self.head.sequence - self.first + 1

    @property
    def sequence(self) -> int:
        """The number of the last record."""
        return self.head.sequence


def verify(
    connection: Connection, anchor: Head | None = None, keys: Keys | None = None, first: int = 1
) -> Verified:
    """Verify the trail in a database from record `first` on; raise ChainBroken at the first fault.

    Call it in a snapshot (`Database.snapshot`), so that a running server is not held up.

    `anchor` is a head that was noted before and that must still be in the chain. Where it was
    verified then, it speaks for all records up to its own, and `first` may be the one after it.
    """
    floor, head = read_floor(connection), read_head(connection)
    if first > max(head.sequence, START.sequence + 1):
        raise Misconfigured(f"record {first} is not there: the trail ends with {head.sequence}")
    begin = max(first, floor)
    # Closed here: left to a traceback, it would read on after its connection is closed.
    with closing(_stored(connection, begin)) as claims:
        found = follow(claims, keys, anchor)
    if head != found.head:
        problem = "is missing, or the head is not what was written"
        raise ChainBroken(max(found.sequence + 1, begin), problem)
    if found.floor != floor and (begin == floor or found.signed_at):
        raise ChainBroken(floor, f"the trail is said to begin with {floor} and with {found.floor}")
    return found


def verify_export(
    claims: Iterable[Claim], keys: Keys | None, anchor: Head | None = None, first: int = 1
) -> Verified:
    """Verify what was exported, which begins with record `first` or where the trail began then."""
    found = follow(claims, keys, anchor)
    if found.first > max(first, found.floor):
        raise ChainBroken(max(first, found.floor), _missing(first, found.first))
    return found


def follow(claims: Iterable[Claim], keys: Keys | None, anchor: Head | None = None) -> Verified:
    """Go along the chain; raise ChainBroken at the first fault.

    With `keys`, at least one checkpoint must be there, and all of them signed by these.
    """
    follower = _Follower(keys, anchor)
    for claim in claims:
        follower.take(claim)
    found = follower.found
    if anchor is not None and found.sequence < anchor.sequence:
        raise ChainBroken(found.sequence + 1, "is missing: the end was cut off")
    if keys is not None and not found.signed_at:
        raise ChainBroken(found.first, "no checkpoint is there that would speak for it")
    return found


class _Follower:
    """The chain as far as it was followed."""

    def __init__(self, keys: Keys | None, anchor: Head | None) -> None:
        self.found = Verified(START.sequence + 1, START)
        self._keys = keys
        self._anchor = anchor
        self._seen: dict[int, bytes] = {}

    def take(self, claim: Claim) -> None:
        link = claim.link
        if not self._seen:
            self.found = Verified(link.sequence, Head(link.sequence - 1, claim.previous))
            self._compare(claim, self.found.head)
        at = self.found.head
        if link.sequence > at.sequence + 1:
            raise claim.broken(_missing(at.sequence + 1, link.sequence), at.sequence + 1)
        if chained(claim.previous, link.record) != link.digest:
            raise claim.broken("it, or the digest before it, is not what was written")
        if link.sequence <= at.sequence:
            # Exports deliver at least once: the same again is no fault.
            if self._seen.get(link.sequence) != link.digest:
                raise claim.broken("stands there twice, and not with the same text")
            return
        if claim.previous != at.digest:
            raise claim.broken("does not follow the record before it")
        self._heed_checkpoint(claim)
        self.found = self.found._replace(head=link.head)
        self._seen[link.sequence] = link.digest
        self._seen.pop(link.sequence - REPEATS_KNOWN, None)
        self._compare(claim, link.head)

    def _compare(self, claim: Claim, head: Head) -> None:
        anchor = self._anchor
        if anchor is None or anchor.sequence > head.sequence:
            return
        if anchor.sequence < self.found.first - 1:
            raise claim.broken("what was noted is older than what is here", anchor.sequence)
        if anchor.sequence == head.sequence and anchor != head:
            raise claim.broken("another chain than the one whose head was noted", head.sequence)

    def _heed_checkpoint(self, claim: Claim) -> None:
        try:
            checkpoint = Checkpoint.find(claim.link.record)
        except ValueError:
            raise claim.broken("is no checkpoint that can be read") from None
        if checkpoint is None:
            return
        statement, unsigned = checkpoint.statement, max(self.found.signed_to + 1, self.found.first)
        if self._keys is not None:
            key = self._keys.get(statement.key_id)
            if key is None:
                raise claim.broken(f"is signed by key {statement.key_id}, which was not given")
            if not checkpoint.is_signed_by(key):
                raise claim.broken("is a checkpoint with a signature that does not verify")
        if statement.head != self.found.head:
            raise claim.broken(
                f"it, or one up to {statement.head.sequence}, is not what was signed later",
                unsigned,
            )
        self.found = self.found._replace(
            floor=statement.floor, signed_to=statement.head.sequence, signed_at=statement.time
        )


def _missing(expected: int, found: int) -> str:
    """For records that are not in their place."""
    last = found - 1
    return "is missing" if last == expected else f"is missing, and so on up to {last}"


def _stored(connection: Connection, first: int) -> Generator[Claim, None, None]:
    """The records of a database from `first` on; what it follows is what the database says."""
    previous: bytes | None = None
    for link in read(connection, after=first - 1 if first > 1 else -1):
        if previous is None:
            if link.sequence > first:
                raise ChainBroken(first, _missing(first, link.sequence))
            if link.sequence < START.sequence + 1:
                raise ChainBroken(first, "another one stands before it")
            previous = digest_before(connection, link)
        yield Claim(link, previous)
        previous = link.digest


def digest_before(connection: Connection, link: Link) -> bytes:
    """The digest that `link` follows; the first one after a pruned part says it itself."""
    if link.sequence == START.sequence + 1:
        return START.digest
    for before in read(connection, after=link.sequence - 2, count=1):
        if before.sequence == link.sequence - 1:
            return before.digest
    try:
        checkpoint = Checkpoint.find(link.record)
    except ValueError:
        checkpoint = None
    if checkpoint is None or checkpoint.statement.head.sequence != link.sequence - 1:
        raise ChainBroken(link.sequence - 1, "is missing")
    return checkpoint.statement.head.digest
