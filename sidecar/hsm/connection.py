# SPDX-License-Identifier: Apache-2.0
"""One process's hold on a PKCS#11 module: load it, find the token, log in; and do so afresh.

A module is a global of the process (C_Initialize, C_Finalize), and the login belongs to the
process as well, so one `Connection` at a time owns a module; a second one is refused. It keeps a
single logged-in session: closing a second one would log the first out.

`renew` finalizes and initializes the module again. Nothing less heals SoftHSM after its folder
was gone, and after a fork it is the only way to log in. What the binding raises passes through;
`token` translates it.
"""

import contextlib
import os
import threading
import time
from pathlib import Path

import pkcs11

from sidecar.hsm import token_file
from sidecar.hsm.errors import HsmUnavailable
from sidecar.hsm.pin import Pin
from sidecar.hsm.uri import Pkcs11Uri

_owned: set[Path] = set()
_owned_lock = threading.Lock()

_HALF_WRITTEN = (pkcs11.GeneralError, pkcs11.NoSuchToken, pkcs11.UserPinNotInitialized)
"""What SoftHSM says of a token whose file another login is writing."""
_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4)
"""Seconds between the tries to log in."""
_PIN_REFUSALS = (pkcs11.PinIncorrect, pkcs11.PinLocked, pkcs11.PinInvalid, pkcs11.PinLenRange)


def claim(module: Path) -> None:
    """Take `module` for this process's one user of it, or raise HsmUnavailable."""
    with _owned_lock:
        if module in _owned:
            raise HsmUnavailable(f"{module}: another part of this process uses the module")
        _owned.add(module)


def release(module: Path) -> None:
    """Give `module` back; harmless where it is not held."""
    with _owned_lock:
        _owned.discard(module)


class Connection:
    """A logged-in read/write session, opened on first use."""

    def __init__(self, uri: Pkcs11Uri) -> None:
        self.uri = uri
        self._session: pkcs11.Session | None = None
        self._refused: tuple[bytes, Pin] | None = None
        claim(uri.module)

    @property
    def is_open(self) -> bool:
        return self._session is not None

    @property
    def session(self) -> pkcs11.Session:
        """The session, opened where there is none."""
        return self._session or self.renew()

    def connect(self) -> None:
        """Open the session where there is none, with patience for the logins of others.

        Each login writes SoftHSM's file of the token anew, which another one may find half written.
        """
        for pause in _PAUSES:
            try:
                _ = self.session
            except _HALF_WRITTEN:
                self.drop()
                time.sleep(pause)
            else:
                return
        _ = self.session

    def renew(self) -> pkcs11.Session:
        """Forget the module's whole state and log in again; all handles die."""
        self.drop()
        if not self.uri.module.is_file():
            raise HsmUnavailable(f"{self.uri.module} is not there; is its package installed?")
        if self.uri.softhsm2_conf is not None:
            if not self.uri.softhsm2_conf.is_file():
                raise HsmUnavailable(
                    f"{self.uri.softhsm2_conf} is not there; was its folder moved?"
                )
            token_file.mend(self.uri.softhsm2_conf)
            # SoftHSM reads this in C_Initialize and nowhere else.
            os.environ["SOFTHSM2_CONF"] = str(self.uri.softhsm2_conf)
        serial = self.uri.serial
        token = pkcs11.lib(str(self.uri.module)).get_token(
            token_label=self.uri.token,
            token_serial=serial.encode() if serial is not None else None,
        )
        self._session = self._log_in(token)
        if self.uri.softhsm2_conf is not None:
            token_file.keep(self.uri.softhsm2_conf)
        return self._session

    def drop(self) -> None:
        """Finalize the module, whatever state it is in."""
        self._session = None
        with contextlib.suppress(pkcs11.PKCS11Error):
            # lib() initializes a finalized module again; a module never loaded stays so.
            loaded = pkcs11._loaded.get(str(self.uri.module))  # noqa: SLF001 - no public query
            if loaded is not None:
                loaded.finalize()

    def close(self) -> None:
        """Log out by finalizing, and let others have the module."""
        self.drop()
        release(self.uri.module)

    def _log_in(self, token: pkcs11.Token) -> pkcs11.Session:
        pin = self.uri.pin_source.read()
        if self._refused == (token.serial, pin):
            # Real tokens lock after a few wrong PINs: one try for each PIN that we are given.
            raise HsmUnavailable("the token refused this PIN; it is not tried again")
        try:
            return token.open(rw=True, user_pin=pin.reveal())
        except _PIN_REFUSALS as error:
            self._refused = (token.serial, pin)
            raise HsmUnavailable("the token refused the PIN") from error
