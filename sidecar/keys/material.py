# SPDX-License-Identifier: Apache-2.0
"""Key bytes as a type: not printable, not copyable, not picklable, counted, wiped.

A key is wiped when its last holder lets go of it. An eviction only drops the cache's hold, so a
message that is still using the key keeps it whole until it is done; CPython's reference counts
make that moment exact. `destroy` is for the owner that knows better, and a destroyed key refuses
to work: a wiped buffer is all zeros, and sealing under zeros is the worst failure of all.

Best effort by nature: the interpreter, the TLS library and the AEAD hold copies of their own that
nothing here can reach.
"""

from typing import ClassVar, NoReturn

from sidecar.errors import KeyUnavailable


class KeyMaterial:
    """Owns one bytearray of key bytes; subclasses say what is done with it."""

    __slots__ = ("__weakref__", "_material")
    _material: bytearray | None

    alive: ClassVar[int] = 0
    """Keys of every kind that are in memory now."""

    def __init__(self, material: bytearray) -> None:
        self._material = material
        KeyMaterial.alive += 1

    @property
    def material(self) -> bytearray:
        """The key bytes, for the cipher alone; KeyUnavailable once destroyed."""
        if self._material is None:
            raise KeyUnavailable("the key was destroyed")
        return self._material

    def destroy(self) -> None:
        """Overwrite the key; it refuses all use from now on."""
        if self._material is not None:
            self._material[:] = bytes(len(self._material))
            self._material = None
            KeyMaterial.alive -= 1

    def __del__(self) -> None:
        if hasattr(self, "_material"):  # not when the constructor itself failed
            self.destroy()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __copy__(self) -> NoReturn:
        raise TypeError("a key cannot be copied")

    def __deepcopy__(self, _memo: object) -> NoReturn:
        raise TypeError("a key cannot be copied")

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a key cannot be pickled")
