# SPDX-License-Identifier: Apache-2.0
"""Bodies held whole: find the sites of designated fields, replace some, touch nothing else.

A codec is one file here with a constant `CODEC`; nothing else names it.
"""

import importlib
import pkgutil

from sidecar.codecs.reading import Codec, Misfit, Reading, Site
from sidecar.codecs.shape import Shape, build_shape

__all__ = ["CODECS", "Codec", "Misfit", "Reading", "Shape", "Site", "build_shape", "find_codec"]

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
CODECS: tuple[Codec, ...] = tuple(m.CODEC for m in _MODULES if hasattr(m, "CODEC"))

_NOT_DOCUMENTS = frozenset({"application/json-patch+json"})
"""Carry edits of documents: a field's value stands elsewhere than its path says (RFC 6902)."""


def find_codec(media_type: str) -> Codec | None:
    """The codec for `media_type`, given in lower case and without parameters."""
    if media_type in _NOT_DOCUMENTS:
        return None
    for codec in CODECS:
        if media_type in codec.media_types or media_type.endswith(tuple(codec.suffixes)):
            return codec
    return None
