# SPDX-License-Identifier: Apache-2.0
"""Roles that every workload of a provider may assume, because no `oidc:sub` says which may."""

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from sidecar.kms.policy import Kind, Policy, open_providers
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import RamRole

logger = logging.getLogger(__name__)


def open_to(role: RamRole) -> list[str]:
    """The ARNs of the providers all of whose workloads get in."""
    return open_providers(Policy.kept(role.trust, f"trust of {role.name}", Kind.TRUST))


def warn_of_open_roles(database: Database) -> None:
    """Tell which there are, whether the configuration has them or RAM's API made them."""
    with database.snapshot() as connection, Session(connection) as rows:
        for role in rows.scalars(select(RamRole).order_by(RamRole.account, RamRole.name)):
            for provider in open_to(role):
                logger.warning(
                    "account %s: every workload of %s may assume the role %s: no condition on "
                    "oidc:sub says which",
                    role.account,
                    provider,
                    role.name,
                )
