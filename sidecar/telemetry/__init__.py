# SPDX-License-Identifier: Apache-2.0
"""What Prometheus is told: the plain counters of the floors below, under names that stay.

    counters of one worker ── readings ──► its supervisor ── totals ──► /metrics

Nothing here names a tenant, a client, a request target or a value (law 5).

Of the host: sidecar_connections_total, sidecar_connections_open, sidecar_connections_refused_total,
sidecar_requests_total{handling}, sidecar_tunnels_total, sidecar_held_bytes,
sidecar_refusals_total{code}, sidecar_aborted_answers_total,
sidecar_upstream_connections_total, sidecar_upstream_retries_total, sidecar_key_waits_total.

Of the rules: sidecar_sealed_values_total{rule}, sidecar_opened_values_total{rule},
sidecar_masked_values_total{rule}, sidecar_unsealed_values_total{rule,field},
sidecar_rule_refusals_total{rule,code}; in the phase `monitor`
sidecar_would_seal_values_total{rule,field}, sidecar_would_open_values_total{rule,field},
sidecar_would_refuse_total{rule,code}.

Of the keys: sidecar_data_keys_total{use,found}, sidecar_data_key_grace_total{use},
sidecar_data_key_evictions_total, sidecar_edk_refusals_total{reason},
sidecar_key_flights_total{outcome}, sidecar_kms_calls_total{action,outcome}.

Of the life of the proxy: sidecar_build_info{version}, sidecar_rules_info{digest},
sidecar_workers_serving, sidecar_worker_ends_total{how}, sidecar_rules_reloads_total{outcome},
sidecar_rules_rejected, and the usual process_*, summed over the supervisor and its workers.

Counters are summed over all workers that ever were, everything else over those that are.

An alert belongs on the grace of data keys (the KMS is away, and time runs), on rejected rules (what
holds is not what stands in the files), on crashed workers and, once the phase is `enforce`, on
unsealed values (a store holds what should be sealed).
"""

from sidecar.telemetry.readings import Reading, read
from sidecar.telemetry.series import SERIES, Sources
from sidecar.telemetry.totals import CONTENT_TYPE, LIFE_SERIES, LifeStats, Totals

__all__ = [
    "CONTENT_TYPE",
    "LIFE_SERIES",
    "SERIES",
    "LifeStats",
    "Reading",
    "Sources",
    "Totals",
    "read",
]
