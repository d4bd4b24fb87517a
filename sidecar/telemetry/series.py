# SPDX-License-Identifier: Apache-2.0
"""What one worker counts, and what it is called."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sidecar import __version__
from sidecar.keys import KeyStats
from sidecar.proxy.stats import HostStats
from sidecar.transform import TransformStats


class Sources(NamedTuple):
    """Where the numbers stand."""

    rules_digest: str
    keys: KeyStats
    transform: TransformStats
    host: HostStats


class Series[T](NamedTuple):
    """One metric; `read` gives a number for each value of its label, or tuple of its labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: Callable[[T], Mapping[Any, float]]


SERIES: tuple[Series[Sources], ...] = (
    Series("sidecar_build_info", "Version.", ("version",), lambda _: {__version__: 1}),
    Series(
        "sidecar_rules_info",
        "The rule set in force.",
        ("digest",),
        lambda of: {of.rules_digest: 1},
    ),
    Series(
        "sidecar_connections_total",
        "Connections that clients made.",
        (),
        lambda of: {(): of.host.connections},
    ),
    Series(
        "sidecar_connections_open",
        "Connections of clients that stand now.",
        (),
        lambda of: {(): of.host.connections_open},
    ),
    Series(
        "sidecar_connections_refused_total",
        "Connections turned away because there were too many.",
        (),
        lambda of: {(): of.host.connections_refused},
    ),
    Series(
        "sidecar_requests_total",
        "Requests, by what was done with them.",
        ("handling",),
        lambda of: {
            "passed": of.host.requests_passed,
            "held": of.host.requests_held,
            "kms": of.host.requests_kms,
        },
    ),
    Series(
        "sidecar_tunnels_total",
        "Tunnels made to hosts that no rule names.",
        (),
        lambda of: {(): of.host.tunnels},
    ),
    Series(
        "sidecar_held_bytes",
        "Bodies that are held now, in bytes.",
        (),
        lambda of: {(): of.host.held_bytes},
    ),
    Series(
        "sidecar_refusals_total",
        "Requests and answers refused, by code.",
        ("code",),
        lambda of: of.host.refusals,
    ),
    Series(
        "sidecar_aborted_answers_total",
        "Answers cut short on purpose.",
        (),
        lambda of: {(): of.host.aborts},
    ),
    Series(
        "sidecar_upstream_connections_total",
        "Connections made to upstreams.",
        (),
        lambda of: {(): of.host.upstream_connections},
    ),
    Series(
        "sidecar_upstream_retries_total",
        "Requests sent again because a kept connection had been closed.",
        (),
        lambda of: {(): of.host.upstream_retries},
    ),
    Series(
        "sidecar_key_waits_total",
        "Messages that waited for a key.",
        (),
        lambda of: {(): of.host.waits},
    ),
    Series(
        "sidecar_sealed_values_total",
        "Values sealed on their way to a store.",
        ("rule",),
        lambda of: of.transform.sealed,
    ),
    Series(
        "sidecar_opened_values_total",
        "Values opened on their way back.",
        ("rule",),
        lambda of: of.transform.opened,
    ),
    Series(
        "sidecar_masked_values_total",
        "Opened values that the caller saw masked.",
        ("rule",),
        lambda of: of.transform.masked,
    ),
    Series(
        "sidecar_unsealed_values_total",
        "Values that a store held in clear where a rule wants them sealed.",
        ("rule", "field"),
        lambda of: of.transform.unsealed,
    ),
    Series(
        "sidecar_rule_refusals_total",
        "Requests and answers refused under a rule.",
        ("rule", "code"),
        lambda of: of.transform.refusals,
    ),
    Series(
        "sidecar_would_seal_values_total",
        "Values that a rule in the phase `monitor` would have sealed.",
        ("rule", "field"),
        lambda of: of.transform.would_seal,
    ),
    Series(
        "sidecar_would_open_values_total",
        "Sealed values that a rule in the phase `monitor` let through as they are.",
        ("rule", "field"),
        lambda of: of.transform.would_open,
    ),
    Series(
        "sidecar_would_refuse_total",
        "Messages that a rule in the phase `monitor` would have refused.",
        ("rule", "code"),
        lambda of: of.transform.would_refuse,
    ),
    Series(
        "sidecar_data_keys_total",
        "Data keys asked for, by use and where they were found.",
        ("use", "found"),
        lambda of: {
            ("sealing", "cache"): of.keys.sealing_hits,
            ("sealing", "kms"): of.keys.sealing_misses,
            ("opening", "cache"): of.keys.opening_hits,
            ("opening", "kms"): of.keys.opening_misses,
            ("opening", "denied"): of.keys.negative_hits,
        },
    ),
    Series(
        "sidecar_data_key_grace_total",
        "Data keys used beyond their age because the KMS was away.",
        ("use",),
        lambda of: {"sealing": of.keys.grace_sealing, "opening": of.keys.grace_opening},
    ),
    Series(
        "sidecar_data_key_evictions_total",
        "Data keys forgotten because there were too many.",
        (),
        lambda of: {(): of.keys.evictions},
    ),
    Series(
        "sidecar_edk_refusals_total",
        "Encrypted data keys refused before or after asking the KMS.",
        ("reason",),
        lambda of: {
            "implausible": of.keys.implausible,
            "other_cmk": of.keys.refused_by_cmk,
            "overloaded": of.keys.overloaded,
        },
    ),
    Series(
        "sidecar_key_flights_total",
        "Questions to the KMS, of which several callers may share one.",
        ("outcome",),
        lambda of: {
            "asked": of.keys.flights,
            "shared": of.keys.flights_shared,
            "failed": of.keys.flights_failed,
        },
    ),
    Series(
        "sidecar_kms_calls_total",
        "Calls to the KMS, by action and outcome.",
        ("action", "outcome"),
        lambda of: of.keys.kms_calls,
    ),
)
