# SPDX-License-Identifier: Apache-2.0
"""The APIs, the files whose stories tell them, and the SDKs by which these are told.

Tables of SDKs are named, not imported: pytest has to load the fixtures of the tests itself.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sidecar.kms.api.products import ACTION_TRAIL, KMS, RAM, STS, Product

type Factory = Callable[..., Any]
"""Makes an SDK for a KMS and an access key."""

ANY_FOR_NODE = ("node, ACS3", "node, pop-core", "node, pop-core GET")


class Family(NamedTuple):
    """One API; stories take their SDKs from `tables`, to which those for Node are added."""

    product: Product
    stories: tuple[str, ...]
    tables: tuple[tuple[str, str], ...]
    """Module and name."""
    for_node: tuple[str, ...]
    own: frozenset[str] = frozenset()
    """Actions that are ours and not the vendor's: no SDK has them."""

    def find_tables(self) -> list[dict[str, Factory]]:
        return [getattr(importlib.import_module(module), name) for module, name in self.tables]


FAMILIES = (
    Family(
        KMS,
        (
            "tests/kms/test_sdks.py",
            "tests/kms/test_sdks_keys.py",
            "tests/kms/test_sdks_crypto.py",
            "tests/kms/test_certificate_actions.py",
        ),
        (("tests.kms.sdks", "SDKS"), ("tests.kms.requested", "SDKS")),
        ("node, V1", *ANY_FOR_NODE),
    ),
    Family(
        RAM,
        ("tests/kms/ram/test_sdks.py",),
        (("tests.kms.ram.sdks", "RAM_SDKS"),),
        ("node, typed", *ANY_FOR_NODE),
        own=frozenset({"RevokeRoleSessions"}),
    ),
    Family(
        STS,
        ("tests/kms/ram/test_sts.py",),
        (("tests.kms.ram.sdks", "STS_SDKS"),),
        ("node, typed", *ANY_FOR_NODE),
    ),
    Family(
        ACTION_TRAIL,
        ("tests/kms/api/actiontrail/test_lookup_events.py",),
        (("tests.kms.api.actiontrail.sdks", "SDKS"),),
        ANY_FOR_NODE,
    ),
)
