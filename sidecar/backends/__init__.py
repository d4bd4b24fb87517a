# SPDX-License-Identifier: Apache-2.0
"""What the APIs of stores mean: where values stand, what binds them, how a store refuses.

A backend is one file here with a constant `BACKEND`; only the rule language names its kind as well.
"""

import importlib
import pkgutil

from sidecar.backends.adapter import Adapter, Backend, Message, Value
from sidecar.backends.media import is_coded, is_endless
from sidecar.backends.problem import problem
from sidecar.backends.records import record_path
from sidecar.backends.refusals import (
    Endless,
    MaskedValue,
    MisplacedEnvelope,
    NotSearchable,
    PersistedQuery,
    RequirementFailed,
    SealedByClient,
    Unbound,
    UnexpectedShape,
    UnreadableAnswer,
    UnsealedStoredValue,
    UnsupportedMedia,
)
from sidecar.backends.repair import (
    bodiless_response,
    uncode_request,
    uncode_response,
    unstored_response,
)

__all__ = [
    "BACKENDS",
    "Adapter",
    "Backend",
    "Endless",
    "MaskedValue",
    "Message",
    "MisplacedEnvelope",
    "NotSearchable",
    "PersistedQuery",
    "RequirementFailed",
    "SealedByClient",
    "Unbound",
    "UnexpectedShape",
    "UnreadableAnswer",
    "UnsealedStoredValue",
    "UnsupportedMedia",
    "Value",
    "bodiless_response",
    "is_coded",
    "is_endless",
    "problem",
    "record_path",
    "uncode_request",
    "uncode_response",
    "unstored_response",
]

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
BACKENDS: dict[str, Backend] = {
    m.BACKEND.kind: m.BACKEND for m in _MODULES if hasattr(m, "BACKEND")
}
