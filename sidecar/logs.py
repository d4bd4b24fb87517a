# SPDX-License-Identifier: Apache-2.0
"""The log of a running process: one line a record on standard error, with nothing secret in it.

    time=2026-11-25T13:30:00Z level=warning pid=42 logger=sidecar.proxy.host message="…" rule="crm"

Our own messages are names, ids and lengths. What libraries say of themselves may hold a request
target or a part of a message, and so may the text of an exception that nobody foresaw (law 5): of
those only the place is told, the file, line and function where it was raised.
"""

import asyncio
import json
import logging
import re
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Any

from sidecar.errors import SidecarError

FRAMES = 8
_OF_ANY_RECORD = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}

_OBEYED = re.compile(r"[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control characters that JSON leaves as they are, line ends of Unicode, changes of direction."""

logger = logging.getLogger(__name__)


def configure() -> None:
    """Let every record of this process go to standard error in our form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("sidecar").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_dead_thread
    sys.unraisablehook = _log_unraisable


def log_loop_trouble(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The exception handler of an event loop; asyncio's own would print what is withheld here."""
    logger.error("a task or callback failed", exc_info=context.get("exception"))


class SafeFormatter(logging.Formatter):
    """Words a record without what may be secret in it."""

    def format(self, record: logging.LogRecord) -> str:
        is_ours = record.name.partition(".")[0] == "sidecar"
        if is_ours:
            told = {"message": record.getMessage(), **_extra(record)}
        else:
            told = {"message": f"(text withheld; from {record.module}:{record.lineno})"}
        if record.exc_info and record.exc_info[1]:
            told |= _facts(record.exc_info[1])
        fields = [f"{name}={_quoted(value)}" for name, value in told.items()]
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        level = record.levelname.lower()
        place = f"pid={record.process} logger={record.name}"  # /readyz lists the workers by pid
        return " ".join([f"time={moment} level={level} {place}", *fields])


def _quoted(text: str) -> str:
    """`text` as one JSON string without anything that a terminal or a viewer of logs would obey."""
    return _OBEYED.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _extra(record: logging.LogRecord) -> dict[str, str]:
    """What a caller passed as `extra`: more names and ids."""
    return {name: str(value) for name, value in vars(record).items() if name not in _OF_ANY_RECORD}


def _facts(error: BaseException) -> dict[str, str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    why = f": {error.why}" if isinstance(error, SidecarError) else ""
    return {
        "error": f"{type(error).__name__}{why}",
        "raised": " > ".join(f"{_short(each.filename)}:{each.lineno}" for each in frames),
    }


def _short(filename: str) -> str:
    return "/".join(filename.rsplit("/", 2)[1:])


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.exit(130)
    logger.critical("an error that nobody foresaw ends this process", exc_info=(kind, error, trace))


def _log_dead_thread(ended: threading.ExceptHookArgs) -> None:
    facts = (ended.exc_type, ended.exc_value, ended.exc_traceback)
    logger.critical("an error that nobody foresaw ends a thread", exc_info=facts)  # type: ignore[arg-type]


def _log_unraisable(unraised: "sys.UnraisableHookArgs") -> None:
    facts = (unraised.exc_type, unraised.exc_value, unraised.exc_traceback)
    logger.error("an error where none can be raised", exc_info=facts)  # type: ignore[arg-type]
