"""Logs that name nobody: one event a line, as JSON or as text, with listed fields and nothing else.

Rules: a field that is not listed, or does not look as its list says, is dropped. Messages of our own loggers are ours
to keep clean; of anybody else's only the template is written, or plain words without a figure. An exception is its
type and our own frames; its text only if it is one of our errors (topics.errors: never personal data).
Not structlog or python-json-logger: both write whatever is on a record unless it is taken away; here what is written
has to be listed, which leaves nothing for them to do.
Must not know: who logs what.
"""

import logging
import re
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import orjson

from topics.errors import CrosscheckError

LogFormat = Literal["text", "json"]
OURS = "crosscheck"
ROOT = Path(__file__).parents[2]
PACKAGES = ("topics", "matchers", "stores", "streams")
WITHHELD = "(text withheld)"

_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,99}")
_LONG_NUMBER = re.compile(r"\d{5}")
_PLAIN = re.compile(r"[A-Za-z\s.,:;!?()\[\]'\"*^<>=/_+-]{1,300}")
_LONG_WORD = re.compile(r"[A-Za-z_]{25}")
_GREATEST = 10**15
"""An offset stays far below; a number of 18 digits is somebody's."""


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value)) and not _LONG_NUMBER.search(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _GREATEST


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e7


FIELDS: Mapping[str, Callable[[object], bool]] = {
    "topic": _is_name,
    "partition": _is_count,
    "offset": _is_count,
    "position": _is_count,
    "end": _is_count,
    "rows": _is_count,
    "seconds": _is_seconds,
    "bytes": _is_count,
    "department": _is_name,
    "resource": _is_name,
    "rule": _is_name,
    "reason": _is_name,
}
"""What `extra` may carry, and what it has to look like."""


def told(record: logging.LogRecord) -> dict[str, object]:
    """What is written of a record."""
    event: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _message(record),
    }
    if not _is_ours(record):
        event["at"] = f"{Path(record.pathname).name}:{record.lineno}"
    extras = vars(record)
    event |= {name: extras[name] for name, fits in FIELDS.items() if name in extras and fits(extras[name])}
    if record.exc_info and record.exc_info[1] is not None:
        event["exception"] = _exception(record.exc_info[1])
    return event


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name == OURS or record.name.startswith(f"{OURS}.")


def _message(record: logging.LogRecord) -> str:
    if _is_ours(record):
        return record.getMessage()
    template = str(record.msg)
    if record.args:
        clean = template.isascii() and not _LONG_NUMBER.search(template)
    else:
        clean = bool(_PLAIN.fullmatch(template)) and not _LONG_WORD.search(template)
    return template if clean else WITHHELD


def _exception(error: BaseException) -> dict[str, object]:
    said: dict[str, object] = {"type": type(error).__name__}
    if isinstance(error, CrosscheckError):
        said["text"] = str(error)
    said["frames"] = _frames(error.__traceback__)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        said["cause"] = type(cause).__name__
    return said


def _frames(trace: TracebackType | None) -> list[str]:
    """file:line of our own frames, outermost first."""
    frames = []
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.is_relative_to(ROOT) and file.relative_to(ROOT).parts[0] in PACKAGES:
            frames.append(f"{file.relative_to(ROOT).as_posix()}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(told(record)).decode()


class TextLines(logging.Formatter):
    """The same for people: level, logger, message, then what else there is to say."""

    def format(self, record: logging.LogRecord) -> str:
        event = told(record)
        line = f"{record.levelname} {event['logger']}: {event['message']}"
        more = [f"{name}={event[name]}" for name in (*FIELDS, "at") if name in event]
        exception: Any = event.get("exception")
        if exception is not None:
            text = f": {exception['text']}" if "text" in exception else ""
            more.append(
                f"{exception['type']}{text} at {' > '.join(exception['frames']) or 'no frame of ours'}"
            )
        return " | ".join((line, *more))


def configure(form: LogFormat) -> None:
    """Send every logger of this process to stderr, in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(OURS).setLevel(logging.INFO)
    logging.getLogger("faust").setLevel(logging.ERROR)
    logging.captureWarnings(True)
    threading.excepthook = _thread_died
    sys.unraisablehook = _unraisable


def _thread_died(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        logging.getLogger(OURS).error("a thread died", exc_info=args.exc_value)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    logging.getLogger(OURS).warning("an error nobody could catch", exc_info=args.exc_value)
