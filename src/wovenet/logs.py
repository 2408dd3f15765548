"""Logs: one record per line, known fields only, nobody's secrets, no text that could pass for another record.

`setup` is called once by each process; everything else uses `logging` as usual. A field is given as
`LOG.info("text", extra={"unit": unit})` and appears if `FIELDS` has it.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from wovenet.settings import Settings

FIELDS: Final = (
    "method",
    "path",
    "status",
    "duration_ms",
    "user_id",
    "project_id",
    "global_request_id",
    "unit",
    "revision",
    "topic",
    "outcome",
    "cause",
    "attempt",
    "delay_s",
    "count",
    "host",
    "agent",
)
"""What a record may say besides its message. Add a name here, with care: not bodies, not headers, not rows."""

MESSAGE_LENGTH_MAX: Final = 4096
FIELD_LENGTH_MAX: Final = 512
FRAMES_MAX: Final = 12
"""How much of a traceback is kept, from the innermost frame outwards."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being served, for every record made meanwhile."""

_QUIET: Final = (
    *("keystoneauth", "keystonemiddleware", "neutron_lib", "oslo_policy", "sqlalchemy", "stevedore", "urllib3"),
)
"""Libraries whose details are topology, headers or what users wrote: warnings only, at every level of ours."""

# Controls, and what makes a terminal or an editor show a line other than it is.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\\\\]"
)
_URL_SECRET: Final = re.compile(r"(://[^:/@\s]*):[^/\s]*@")
_NAMED_SECRET: Final = re.compile(
    r"""(?ix)
    (
        (?: [\w-]*(?:password|passwd|secret|token) | authorization )
        ['"]? \s* [:=] \s* ['"]?
        (?: basic\s+ | bearer\s+ )?
    )
    [^\s'",}&]+
    """
)
_BARE: Final = re.compile(r"[^\s=\"]+")


def setup(settings: Settings, stream: TextIO | None = None) -> None:
    """Records of this process go to `stream` (standard error) as the settings say."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.wovenet.log_format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if settings.default.debug else logging.INFO)
    logging.captureWarnings(capture=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def escaped(text: str, length_max: int = MESSAGE_LENGTH_MAX) -> str:
    """`text` on one line, without controls, not longer than `length_max` and a mark that it was."""
    if len(text) > length_max:
        text = f"{text[:length_max]}…({len(text)} characters)"
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape", "surrogatepass").decode(), text)


def redacted(text: str) -> str:
    """`text` without what looks like a secret. The last of several nets: secrets are types, and not logged."""
    if ":" not in text and "=" not in text:
        return text
    return _NAMED_SECRET.sub(r"\1***", _URL_SECRET.sub(r"\1:***@", text))


class TextFormatter(logging.Formatter):
    """key=value, quoted where needed."""

    def format(self, record: logging.LogRecord) -> str:
        found = fields_of(record)
        head = f"{found.pop('time')} {found.pop('level')} {found.pop('logger')}"
        message = found.pop("message")
        return " ".join([head, message, *(f"{name}={_quoted(str(value))}" for name, value in found.items())])


class JsonFormatter(logging.Formatter):
    """One JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields_of(record))


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What is said of a record, in order, all of it safe to be shown."""
    found: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": _safe(_message(record), MESSAGE_LENGTH_MAX),
    }
    current = request_id.get()
    if current:
        found["request_id"] = current
    given: Mapping[str, Any] = record.__dict__
    for name in FIELDS:
        if name in given:
            found[name] = _value(given[name])
    if record.exc_info and record.exc_info[1] is not None:
        found["exception"] = _safe(_exception(record.exc_info[1]), MESSAGE_LENGTH_MAX)
    return found


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # the wrong number of arguments must not lose the record
        return str(record.msg)


def _value(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return _safe(str(value), FIELD_LENGTH_MAX)


def _safe(text: str, length_max: int) -> str:
    return escaped(redacted(text), length_max)


def _quoted(text: str) -> str:
    return text if _BARE.fullmatch(text) else '"' + text.replace('"', '\\"') + '"'


def _exception(error: BaseException) -> str:
    """The error, where it came from (innermost first), and what caused it; no source lines, no variables."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-FRAMES_MAX:]
        where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        parts.append(f"{type(current).__name__}: {current} [{where}]")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " caused by ".join(parts)
