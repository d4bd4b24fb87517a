# SPDX-License-Identifier: Apache-2.0
"""The APIs that this one endpoint speaks: a call names one by its version, as the vendor's do.

An API is a name, a version and its actions; a new one is one entry here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sidecar.kms.api import actiontrail, ram, sts
from sidecar.kms.api.action import Action
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.api.deferred import DEFERRED


@dataclass(frozen=True, slots=True)
class Product:
    """One API; `name` as ActionTrail spells it, in lower case the prefix of RAM's actions."""

    name: str
    version: str
    actions: Mapping[str, Action]
    deferred: Collection[str] = ()
    """Actions that are known and not offered; any other is unknown."""
    has_dry_run: bool = False
    """Whether its actions take DryRun: then `Action.check` says all that may be against a call."""

    def right(self, action: Action) -> str:
        """What RAM calls it: `kms:Decrypt`."""
        return f"{self.name.lower()}:{action.name}"


KMS = Product("Kms", "2016-01-20", ACTIONS, DEFERRED, has_dry_run=True)
ACTION_TRAIL = Product("ActionTrail", "2020-07-06", actiontrail.ACTIONS, actiontrail.DEFERRED)
RAM = Product("Ram", "2015-05-01", ram.ACTIONS, ram.DEFERRED)
STS = Product("Sts", "2015-04-01", sts.ACTIONS, sts.DEFERRED)
PRODUCTS: Mapping[str, Product] = {
    product.version: product for product in (KMS, RAM, STS, ACTION_TRAIL)
}


def find_version(action: str) -> str:
    """The version of the API that has an action; KMS's where several have it, or none."""
    having = (p.version for p in PRODUCTS.values() if action in p.actions or action in p.deferred)
    return next(having, KMS.version)
