# SPDX-License-Identifier: Apache-2.0
"""Rules proposed from traffic: what looks sensitive, where it stands, what could bind it.

    heads and bodies → traffic (counts by route and field) → collections → evidence → proposal

Values are looked at and forgotten. What is kept are names, counts, lengths and estimates.
"""

from sidecar.learning.observer import Observer
from sidecar.learning.proposal import MARK, propose
from sidecar.learning.proposed import Proposal, ProposedRule
from sidecar.learning.traffic import Traffic
from sidecar.learning.writing import write_proposal

__all__ = [
    "MARK",
    "Observer",
    "Proposal",
    "ProposedRule",
    "Traffic",
    "propose",
    "write_proposal",
]
