# SPDX-License-Identifier: Apache-2.0
"""A SoftHSM token in a folder of the user's: the HSM where there is no other.

`provision` writes the module's configuration, draws both PINs, initializes the token and plants
the anchor and the root key. python-pkcs11 cannot initialize tokens and softhsm2-util takes PINs on
its command line, where every user of the machine reads them; so the four C functions are called
directly.
"""

import ctypes
import os
import secrets
from pathlib import Path

from sidecar.errors import Misconfigured
from sidecar.hsm import connection
from sidecar.hsm.errors import HsmError
from sidecar.hsm.pin import PinFile
from sidecar.hsm.thread import HsmThread
from sidecar.hsm.token import Token
from sidecar.hsm.uri import Pkcs11Uri

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL = "envelope-sidecar"

_CONFIGURATION = """\
directories.tokendir = {tokens}
objectstore.backend = file
log.level = ERROR
slots.removable = false
"""

# PKCS#11 2.40, section 2: constants of pkcs11t.h.
_CKU_SO = 0
_CKF_RW_SERIAL_SESSION = 0x2 | 0x4
_LABEL_BYTES = 32


def provision(directory: Path, module: Path = MODULE) -> Pkcs11Uri:
    """Make a token in `directory` (created; private to the user) and return its URI.

    Raise Misconfigured where the module is not installed or the folder is in use.
    """
    if not module.is_file():
        raise Misconfigured(f"{module} is not there; install it with: apt-get install softhsm2")
    directory = directory.resolve()
    tokens = directory / "tokens"
    configuration = directory / "softhsm2.conf"
    uri = Pkcs11Uri(
        module=module,
        pin_source=PinFile(directory / "pin"),
        token=LABEL,
        softhsm2_conf=configuration,
    )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        tokens.mkdir(mode=0o700)
        pins = [secrets.token_urlsafe(24) for _ in range(2)]
        _write_private(directory / "so-pin", pins[0])
        _write_private(directory / "pin", pins[1])
        _write_private(configuration, _CONFIGURATION.format(tokens=tokens))
    except FileExistsError as error:
        raise Misconfigured(f"{directory}: holds a token already") from error
    except OSError as error:
        raise Misconfigured(f"{directory}: cannot be written: {error.strerror}") from error
    _initialize(uri, so_pin=pins[0].encode(), pin=pins[1].encode())
    with HsmThread(uri) as thread:
        thread.run(Token.prepare)
    return uri


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _initialize(uri: Pkcs11Uri, so_pin: bytes, pin: bytes) -> None:
    """Initialize the one free slot of a new token folder and set both PINs."""
    connection.claim(uri.module)
    try:
        os.environ["SOFTHSM2_CONF"] = str(uri.softhsm2_conf)
        module = ctypes.CDLL(str(uri.module))
        count, slot, session = ctypes.c_ulong(1), ctypes.c_ulong(), ctypes.c_ulong()
        label = LABEL.encode().ljust(_LABEL_BYTES)
        _check(module.C_Initialize(None))
        try:
            _check(module.C_GetSlotList(1, ctypes.byref(slot), ctypes.byref(count)))
            _check(module.C_InitToken(slot, so_pin, ctypes.c_ulong(len(so_pin)), label))
            flags = ctypes.c_ulong(_CKF_RW_SERIAL_SESSION)
            _check(module.C_OpenSession(slot, flags, None, None, ctypes.byref(session)))
            so = ctypes.c_ulong(_CKU_SO)
            _check(module.C_Login(session, so, so_pin, ctypes.c_ulong(len(so_pin))))
            _check(module.C_InitPIN(session, pin, ctypes.c_ulong(len(pin))))
        finally:
            module.C_Finalize(None)
    finally:
        connection.release(uri.module)


def _check(result: int) -> None:
    if result:
        raise HsmError(f"SoftHSM cannot initialize a token: CKR 0x{result:x}")
