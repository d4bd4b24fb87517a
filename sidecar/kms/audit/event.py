# SPDX-License-Identifier: Apache-2.0
"""One call as the audit trail tells it: a record in ActionTrail's shape.

An event begins with what is known before anybody believes the request, and learns the rest while
the call goes on: whose it is, what it asks, what it is about. What was never learnt is not in the
record. Nothing secret can be: parameters come from the allow-list of the action
(`Parameter.audited`) and answers are told by the ids in them. Texts that anybody may send are
checked or cut first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sidecar.kms.audit.record import Told, canonical, written
from sidecar.kms.faults import Fault
from sidecar.kms.ram.caller import Caller

MAX_USER_AGENT = 256
"""Characters kept of a header that anybody may fill."""

_ACTION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)


@dataclass(slots=True)
class Event:
    """One call; `now` in seconds since 1970, `source` the host it was sent to."""

    request_id: str
    action: str
    now: int
    region: str
    source: str
    source_ip: str
    user_agent: str
    service: str = "Kms"
    api_version: str = "2016-01-20"
    is_write: bool = False
    caller: Caller | None = None
    """Set once the signature is verified, not before."""
    claimed: Caller | None = None
    """Whose access key the request names; a claim until the signature is verified."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The audited parameters, as `Arguments.audited` has them."""
    key_id: str | None = None
    """The CMK that the call is about."""
    outcome: Mapping[str, str] = field(default_factory=dict)
    """Ids in the answer (KeyId, KeyVersionId), never its secrets."""
    fault: Fault | None = None

    def record(self) -> str:
        """The text of the record, as it is hashed and stored."""
        return canonical(self.told())

    def told(self) -> Told:
        """What the record tells, without what was never learnt."""
        return {name: value for name, value in self._members().items() if value not in (None, {})}

    def _members(self) -> dict[str, object]:
        return {
            "eventId": self.request_id,
            "eventVersion": 1,
            "eventCategory": "Management",
            "eventType": "ApiCall",
            "eventName": self.action if _ACTION.fullmatch(self.action) else "Unknown",
            "eventRW": "Write" if self.is_write else "Read",
            "eventTime": written(self.now),
            "eventSource": self.source,
            "serviceName": self.service,
            "apiVersion": self.api_version,
            "acsRegion": self.region,
            "isGlobal": False,
            "requestId": self.request_id,
            "sourceIpAddress": self.source_ip,
            "userAgent": self.user_agent[:MAX_USER_AGENT],
            "userIdentity": self._identity(),
            "requestParameters": dict(self.parameters),
            "responseElements": dict(self.outcome),
            "referencedResources": {"ACS::KMS::Key": [self.key_id]} if self.key_id else {},
            "errorCode": self.fault.fault_code if self.fault else None,
            "errorMessage": self.fault.why if self.fault else None,
            "recipientAccountId": self._account(),
        }

    def _account(self) -> str | None:
        """Whose trail it is in: the caller's account, or the one that let an unsigned call in."""
        return self.caller.account.id if self.caller else self.outcome.get("AccountId")

    def _identity(self) -> dict[str, object]:
        if self.caller is None:
            # Not one of ActionTrail's types, which all stand for somebody who was recognised.
            named = {"claimedAccessKeyId": self.claimed.access_key.id} if self.claimed else {}
            return {"type": "unauthenticated", **named}
        return self.caller.identity()
