# SPDX-License-Identifier: Apache-2.0
"""Users, groups, roles and policies by their names: there, changeable here, new; or refused."""

from collections.abc import Mapping

from sidecar.kms.ram import refusals
from sidecar.kms.ram.roster import Named, Roster
from sidecar.kms.store.ram_tables import RamGroup, RamPolicy, RamRole, RamUser

KINDS: Mapping[type[object], str] = {
    RamUser: "User",
    RamGroup: "Group",
    RamRole: "Role",
    RamPolicy: "Policy",
}
MOST: Mapping[type[object], int] = {RamUser: 1000, RamGroup: 50, RamRole: 1000, RamPolicy: 1500}
"""In an account, as the vendor bounds them."""


def the[T: Named](roster: Roster, table: type[T], name: str) -> T:
    """The one of this name; raise Fault where there is none."""
    row = roster.find(table, name)
    if row is None:
        raise refusals.not_there(KINDS[table])
    return row


def changeable[T: Named](roster: Roster, table: type[T], name: str) -> T:
    """One that is not the configuration's; raise Fault."""
    row = the(roster, table, name)
    if row.is_seeded:
        raise refusals.seeded(KINDS[table])
    return row


def insist_on_new(roster: Roster, table: type[Named], name: str) -> None:
    """Nothing has this name; raise Fault."""
    if roster.find(table, name) is not None:
        raise refusals.there_already(KINDS[table])


def insist_on_room(roster: Roster, table: type[Named], name: str) -> None:
    """Nothing has this name, and one more may be made; raise Fault."""
    insist_on_new(roster, table, name)
    if roster.count(table) >= MOST[table]:
        raise refusals.too_many(KINDS[table])
