# SPDX-License-Identifier: Apache-2.0
"""Why an adapter refuses a message: one class a cause, with what the client is told.

None is a 5xx: sending the same again cannot help. `why` names places of the rule, never what the
message holds there.
"""

from sidecar.errors import Refused


class UnsupportedMedia(Refused):
    """A body in a format, character set or coding that cannot be searched for fields."""

    status = 415
    code = "unsupported_media_type"


class UnexpectedShape(Refused):
    """A value of another kind than the designated place, or the way to it, can hold."""

    status = 422
    code = "unexpected_shape"


class Unbound(Refused):
    """The tenant or the record that values are bound to is missing, doubled or contradictory."""

    status = 400
    code = "unbound"


class NotSearchable(Refused):
    """The query looks for the value of a field that is sealed so that nobody can look for it."""

    status = 400
    code = "not_searchable"


class SealedByClient(Refused):
    """A request brings a sealed value; only the sidecar makes those."""

    status = 400
    code = "sealed_by_client"


class MaskedValue(Refused):
    """A request brings back what was shown in the place of a value that its caller may not see."""

    status = 422
    code = "masked_value"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the request has a mask where the field {name!r} stands, and would lose the value "
            "behind it; leave the field out, or send its value"
        )


class RequirementFailed(Refused):
    """A text that the rule's `require` constrains does not match its pattern."""

    status = 403
    code = "requirement_failed"


class Endless(Refused):
    """A WebSocket or an event stream, which has no end at which it could be sealed."""

    status = 403
    code = "endless"


class PersistedQuery(Refused):
    """A GraphQL query that is known by an id, and whose text stands at the store alone."""

    status = 403
    code = "persisted_query"


class UnreadableAnswer(Refused):
    """The store's answer cannot be searched for sealed values, so it cannot be handed on."""

    status = 422
    code = "unreadable_answer"


class UnsealedStoredValue(Refused):
    """The store holds a plain value at a designated place, in the phase `enforce`."""

    status = 422
    code = "unsealed_stored_value"

    def __init__(self, path: str) -> None:
        super().__init__(f"the store holds an unsealed value at {path!r}")


class MisplacedEnvelope(Refused):
    """The store's answer carries a sealed value where the rule names no field, or finds none."""

    status = 422
    code = "misplaced_envelope"

    def __init__(self) -> None:
        super().__init__(
            "the store's answer has a sealed value where the rule names no field, or in a format "
            "that no codec reads"
        )
