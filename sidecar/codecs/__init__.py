# SPDX-License-Identifier: Apache-2.0
"""Bodies held whole: find the sites of designated fields, replace some, touch nothing else.

A codec is one file here with a constant `CODEC`, or `WHOLE_CODEC` where it takes a body for one
value; nothing else names it.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from sidecar.codecs.json_patch import seems_a_patch
from sidecar.codecs.reading import Codec, Misfit, Reading, Site
from sidecar.codecs.shape import Shape, build_shape
from sidecar.codecs.spelling import fold

__all__ = [
    "CODECS",
    "WHOLE_CODECS",
    "Codec",
    "Misfit",
    "Reading",
    "Shape",
    "Site",
    "build_shape",
    "find_codec",
    "fold",
    "seems_a_patch",
]

_MODULES = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
CODECS: tuple[Codec, ...] = tuple(m.CODEC for m in _MODULES if hasattr(m, "CODEC"))
WHOLE_CODECS: tuple[Codec, ...] = tuple(
    m.WHOLE_CODEC for m in _MODULES if hasattr(m, "WHOLE_CODEC")
)

_NOT_DOCUMENTS = frozenset({"application/xml-patch+xml"})
"""Carry edits of documents: a field's value stands elsewhere than its path says (RFC 7351)."""


@runtime_checkable
class _Parametrised(Protocol):
    """A codec whose reading depends on parameters of the media type."""

    def with_parameters(self, parameters: Mapping[str, str]) -> Codec | None:
        """The codec for them; None where it cannot read such a body."""


def find_codec(
    media_type: str, parameters: Mapping[str, str] | None = None, *, is_whole: bool = False
) -> Codec | None:
    """The codec for `media_type`, given in lower case, and its parameters, with names in it.

    `is_whole` asks for one to which the body is a single value.
    """
    if media_type in _NOT_DOCUMENTS:
        return None
    codecs = WHOLE_CODECS if is_whole else CODECS
    named = [codec for codec in codecs if media_type in codec.media_types]
    for codec in named or codecs:  # a type's own codec goes before that of its suffix
        if named or media_type.endswith(tuple(codec.suffixes)):
            if isinstance(codec, _Parametrised):
                return codec.with_parameters(parameters or {})
            return codec
    return None
