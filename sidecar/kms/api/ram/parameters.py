# SPDX-License-Identifier: Apache-2.0
"""The parameters of RAM's actions, how lists are cut, and what its actions are about."""

import re
from collections.abc import Callable, Sequence

from sidecar.kms.api.action import Answer, Call, Target
from sidecar.kms.api.parameters import Parameter, boolean, integer, one_of, text_up_to
from sidecar.kms.policy import BadPolicy, Kind, Policy
from sidecar.kms.ram import names, refusals
from sidecar.kms.ram.roster import Roster

MAX_DOCUMENT = 6144
MAX_COMMENTS = 128
MAX_DESCRIPTION = 1024
DEFAULT_ITEMS = 100
MAX_ITEMS = 1000


def word(grammar: re.Pattern[str]) -> Callable[[str], str]:
    """A text that is spelled by `grammar`."""

    def read(text: str) -> str:
        if not grammar.fullmatch(text):
            raise ValueError
        return text

    return read


def _named(name: str, grammar: re.Pattern[str]) -> Parameter[str]:
    return Parameter(name, word(grammar), audited=True)


def _maybe[T](parameter: Parameter[T], name: str = "") -> Parameter[T | None]:
    """The same, where it may be left out; under another name, where one is given."""
    return Parameter(name or parameter.name, parameter.read, default=None, audited=True)


def _version(text: str) -> int:
    number = re.fullmatch(r"v([1-9][0-9]{0,8})", text)
    if number is None:
        raise ValueError
    return int(number[1])


VERSION_ID = Parameter("VersionId", _version, audited=True)
USER_NAME = _named("UserName", names.USER_NAME)
MAYBE_USER_NAME = _maybe(USER_NAME)
NEW_USER_NAME = _maybe(USER_NAME, "NewUserName")
GROUP_NAME = _named("GroupName", names.GROUP_NAME)
NEW_GROUP_NAME = _maybe(GROUP_NAME, "NewGroupName")
ROLE_NAME = _named("RoleName", names.ROLE_NAME)
POLICY_NAME = _named("PolicyName", names.POLICY_NAME)
POLICY_TYPE = Parameter("PolicyType", names.PolicyType, audited=True)
MAYBE_POLICY_TYPE = _maybe(POLICY_TYPE)
ACCESS_KEY_ID = _named("UserAccessKeyId", re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII))
STATUS = Parameter("Status", one_of("Active", "Inactive"), audited=True)
DISPLAY_NAME = Parameter("DisplayName", text_up_to(MAX_COMMENTS), default="")
COMMENTS = Parameter("Comments", text_up_to(MAX_COMMENTS), default="")
DESCRIPTION = Parameter("Description", text_up_to(MAX_DESCRIPTION), default="")
MARKER = Parameter("Marker", text_up_to(MAX_COMMENTS), default="", audited=True)
MAX = Parameter("MaxItems", integer(1, MAX_ITEMS), default=DEFAULT_ITEMS, audited=True)
SET_AS_DEFAULT = Parameter("SetAsDefault", boolean, default=False, audited=True)
CASCADING = Parameter("CascadingDelete", boolean, default=False, audited=True)
DELETE_VERSIONS = Parameter("DeleteVersions", boolean, default=False, audited=True)
"""Not the vendor's, whose CascadingDelete takes a policy from whoever has it as well."""
POLICY_DOCUMENT = Parameter("PolicyDocument", text_up_to(MAX_DOCUMENT))
NO_TAGS = Parameter("Tag", one_of("[]"), default="")
"""There are no tags here; an SDK may say so."""
NOT_KEPT = (
    Parameter("Email", text_up_to(MAX_COMMENTS), default=""),
    Parameter("MobilePhone", text_up_to(MAX_COMMENTS), default=""),
)
"""What the vendor keeps about a user for its console, and nothing here needs."""


def roster_of(call: Call) -> Roster:
    """RAM in the caller's account."""
    return Roster(call.connection, call.place.account, call.directory.forget)


def about(kind: str, name: Parameter[str] | None = None) -> Callable[[Call], Target]:
    """What RAM is asked about: the `kind` (`user`, `role`, …) of a name, or all of them."""

    def target(call: Call) -> Target:
        return Target((names.arn_of(call.place.account, kind, call[name] if name else "*"),))

    return target


def about_both(
    kind: str, name: Parameter[str], new: Parameter[str | None]
) -> Callable[[Call], Target]:
    """What is renamed, and what it will be: policies mean by a name whoever has it."""

    def target(call: Call) -> Target:
        named = dict.fromkeys((call[name], call[new] or call[name]))
        return Target(tuple(names.arn_of(call.place.account, kind, one) for one in named))

    return target


def check_document(name: Parameter[str], kind: Kind) -> Callable[[Call], None]:
    """Refuse a text that is no policy, and say where."""

    def check(call: Call) -> None:
        read_document(call[name], name.name, kind)

    return check


def read_document(text: str, name: str, kind: Kind) -> Policy:
    """The policy that `text` is; raise Fault."""
    try:
        return Policy.read(text, kind=kind)
    except BadPolicy as error:
        raise refusals.bad_document(name, error.why.removeprefix("policy: ")) from None


def page(call: Call, names_: tuple[str, str], entries: Sequence[tuple[str, object]]) -> Answer:
    """The answer that carries a page; `entries` (name, shown) are one more than fit, if any are."""
    outer, inner = names_
    limit = call[MAX]
    answer: Answer = {
        outer: {inner: [shown for _, shown in entries[:limit]]},
        "IsTruncated": len(entries) > limit,
    }
    if len(entries) > limit:
        answer["Marker"] = entries[limit - 1][0]
    return answer
