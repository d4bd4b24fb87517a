# SPDX-License-Identifier: Apache-2.0
"""What every backend gives the transform: the values to protect in one message, and a way back.

A backend knows what a store's API means: where documents stand, what names their record, which
parts of a head depend on the body, how the store says no. It knows no keys and no phases.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from sidecar.errors import SidecarError
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.rules import Field, Rule


class Value(msgspec.Struct, frozen=True, gc=False):
    """One value at a designated place.

    `lexeme` is its JSON spelling, whatever the message's own format. `record` is the id that its
    document is bound to, empty where the rule binds none, None where the message fails to tell.
    `place` is the adapter's own.
    """

    field: Field
    lexeme: bytes
    record: str | None
    place: Any


type Edits = Sequence[tuple[Any, bytes]]
"""Places of values of one message, each named once, and the JSON values that are to stand there."""


class Message[Head](Protocol):
    """One request or response, read once."""

    @property
    def values(self) -> Sequence[Value]:
        """The values at designated places."""

    @property
    def misfits(self) -> Sequence[str]:
        """Paths where an unexpected value stands on the way to a designated place."""

    @property
    def claims(self) -> int:
        """How many texts, at designated places and elsewhere, claim to be envelopes."""

    def finish(self, edits: Edits = ()) -> tuple[Head, bytes]:
        """The head and body to send on, with `edits` made.

        To be called once: the message is used up.
        """


class Adapter(Protocol):
    """A backend bound to one rule."""

    def read_request(
        self, head: RequestHead, variables: Mapping[str, str], query: bytes, body: bytes
    ) -> Message[RequestHead]:
        """Find the values that go to the store; Refused where some might be overlooked."""

    def is_silent(self, head: ResponseHead, body: bytes) -> bool:
        """Whether an answer surely has nothing in it that the rule names, and no envelope."""

    def read_response(
        self, head: ResponseHead, variables: Mapping[str, str], body: bytes
    ) -> Message[ResponseHead]:
        """Find the values that come from the store; Refused where some might be overlooked."""

    def refusal(self, error: SidecarError) -> Refusal:
        """`error` in the store's own dialect."""


class Backend(Protocol):
    """A kind of store."""

    kind: str

    def bind(self, rule: Rule) -> Adapter:
        """The adapter for `rule`; Misconfigured where this kind of store cannot serve it."""
