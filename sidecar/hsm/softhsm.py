# SPDX-License-Identifier: Apache-2.0
"""A SoftHSM token in a folder of the user's: the HSM where there is no other.

`provision` writes the module's configuration, draws both PINs, initializes the token and plants
the anchor and the root key. All of it is done in a hidden `.draft` beside the folder, which then
takes the folder's name: whoever is killed on the way leaves a draft, and never half a token there.

python-pkcs11 cannot initialize tokens and softhsm2-util takes PINs on its command line, where every
user of the machine reads them; so the four C functions are called directly.
"""

import ctypes
import errno
import os
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from sidecar.errors import Misconfigured
from sidecar.hsm import connection
from sidecar.hsm.errors import HsmError
from sidecar.hsm.pin import PinFile
from sidecar.hsm.thread import HsmThread
from sidecar.hsm.token import Token
from sidecar.hsm.uri import Pkcs11Uri

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL = "envelope-sidecar"

_CONFIGURATION_FILE = "softhsm2.conf"
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
    """Make a token in `directory` (private to the user), whole or not at all, and return its URI.

    Raise Misconfigured where the module is not installed or the folder is in use.
    """
    if not module.is_file():
        raise Misconfigured(f"{module} is not there; install it with: apt-get install softhsm2")
    directory = directory.resolve()
    try:
        directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with TemporaryDirectory(".draft", f".{directory.name}.", directory.parent) as name:
            draft = Path(name)
            _make(draft, module)
            (draft / _CONFIGURATION_FILE).write_text(_configuration(directory))
            draft.rename(directory)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise Misconfigured(f"{directory}: holds a token already") from error
        raise Misconfigured(f"{directory}: cannot be written: {error.strerror}") from error
    return locate(directory, module)


def locate(directory: Path, module: Path = MODULE) -> Pkcs11Uri:
    """The URI of the token that `provision` made in `directory`."""
    return Pkcs11Uri(
        module=module,
        pin_source=PinFile(directory / "pin"),
        token=LABEL,
        softhsm2_conf=directory / _CONFIGURATION_FILE,
    )


def _make(directory: Path, module: Path) -> None:
    """Make a token in an empty folder."""
    _tokens(directory).mkdir(mode=0o700)
    so_pin, pin = (secrets.token_urlsafe(24) for _ in range(2))
    _write_private(directory / "so-pin", so_pin)
    _write_private(directory / "pin", pin)
    _write_private(directory / _CONFIGURATION_FILE, _configuration(directory))
    uri = locate(directory, module)
    _initialize(uri, so_pin=so_pin.encode(), pin=pin.encode())
    with HsmThread(uri) as thread:
        thread.run(Token.prepare)


def _configuration(directory: Path) -> str:
    return _CONFIGURATION.format(tokens=_tokens(directory))


def _tokens(directory: Path) -> Path:
    return directory / "tokens"


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
