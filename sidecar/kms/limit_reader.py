# SPDX-License-Identifier: Apache-2.0
"""The `quotas` and `rates` of a `kms.yaml`, for all accounts or for one.

    quotas: {keys: 200, aliases: 300, versions: 10000, versions_per_key: 50, certificates: 200}
    rates: {symmetric: 1000, asymmetric: 200, read: 20, write: 10}      # calls a second

Without a rate there is no such limit: the vendor's, which stand here, are for a service that many
share.
"""

from dataclasses import fields, replace

from sidecar.kms.limits import Quotas, Rates
from sidecar.strict_yaml import Entry

MAX_QUOTA = 1_000_000
MAX_RATE = 1_000_000


def read_quotas(entry: Entry, default: Quotas) -> Quotas:
    """Quotas; those that are not named are as in `default`."""
    return replace(default, **_counts(entry, [one.name for one in fields(Quotas)], MAX_QUOTA))


def read_rates(entry: Entry, default: Rates) -> Rates:
    """Rates; those that are not named are as in `default`."""
    return replace(default, **_counts(entry, [one.name for one in fields(Rates)], MAX_RATE))


def _counts(entry: Entry, names: list[str], high: int) -> dict[str, int]:
    counts = {}
    for name in names:
        count = entry.optional(name, lambda one: one.integer(1, high), 0)
        if count:
            counts[name] = count
    entry.finish()
    return counts
