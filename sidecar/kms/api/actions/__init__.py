# SPDX-License-Identifier: Apache-2.0
"""The actions of the API, one a file; a file here with an `ACTION` is offered, without a list."""

import importlib
import pkgutil

from sidecar.kms.api.action import Action


def _discover() -> dict[str, Action]:
    """The actions of this package and no other, by name."""
    modules = (
        importlib.import_module(m.name) for m in pkgutil.iter_modules(__path__, __name__ + ".")
    )
    return {module.ACTION.name: module.ACTION for module in modules}


ACTIONS = _discover()
