"""One record per line whatever users write; known fields only; no secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet import logs
from wovenet.settings import Secret, Settings, load

CANARY = "canary-77aa"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in logs._QUIET}
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for name, old in quiet.items():
        logging.getLogger(name).setLevel(old)


def record(message: str, *args: object, **fields: object) -> logging.LogRecord:
    made = logging.LogRecord("wovenet.test", logging.INFO, "/x/y.py", 1, message, args, None)
    made.created = 1795246260.25
    made.__dict__.update(fields)
    return made


def settings(**flags: object) -> Settings:
    return load({f"wovenet.{name}": value for name, value in flags.items()})[0]


def test_text_records(stream: io.StringIO) -> None:
    logs.setup(settings(), stream)
    token = logs.request_id.set("req-1")
    logging.getLogger("wovenet.x").info("made %s", "it", extra={"unit": "port:1", "cause": "no such", "body": CANARY})
    logs.request_id.reset(token)
    line = stream.getvalue()
    assert line.endswith('INFO wovenet.x made it request_id=req-1 unit=port:1 cause="no such"\n')
    assert CANARY not in line


def test_json_records(stream: io.StringIO) -> None:
    logs.setup(settings(log_format="json"), stream)
    logging.getLogger("wovenet.x").warning("a\nb", extra={"count": 3, "host": None})
    found = json.loads(stream.getvalue())
    assert found.pop("time").endswith("Z")
    assert found == {"level": "WARNING", "logger": "wovenet.x", "message": "a\\nb", "count": 3, "host": None}


def test_time_is_utc_with_milliseconds() -> None:
    assert logs.TextFormatter().format(record("x")).startswith("2026-11-21T07:31:00.250Z INFO wovenet.test x")


def test_debug_is_a_setting(stream: io.StringIO) -> None:
    logs.setup(settings(), stream)
    logging.getLogger("wovenet.x").debug("detail")
    assert stream.getvalue() == ""
    logs.setup(load({"debug": True})[0], stream)
    logging.getLogger("wovenet.x").debug("detail")
    logging.getLogger("keystoneauth.session").debug("REQ: curl -H %s", CANARY)
    logging.getLogger("urllib3.connectionpool").info(CANARY)
    assert "detail" in stream.getvalue()
    assert CANARY not in stream.getvalue()


def test_setup_twice_does_not_double_records(stream: io.StringIO) -> None:
    logs.setup(settings(), stream)
    logs.setup(settings(), stream)
    logging.getLogger("wovenet.x").info("once")
    assert stream.getvalue().count("once") == 1


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
@given(st.text(st.characters(), max_size=200))
def test_text_of_users_stays_on_one_line(formatter: logging.Formatter, text: str) -> None:
    line = formatter.format(record("name %s", text, path=text))
    assert len(line.splitlines()) == 1
    assert line.isprintable() or not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
    line.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\n2026 ERROR forged", r"a\r\n2026 ERROR forged"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("back\\slash", r"back\\slash"),
        ("right\u202eleft", r"right\u202eleft"),
        ("Zürich 網路", "Zürich 網路"),
    ],
)
def test_what_could_pass_for_another_record_is_escaped(text: str, shown: str) -> None:
    assert logs.escaped(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        f"mysql+pymysql://neutron:{CANARY}@10.0.0.1/n",
        f"password={CANARY}",
        f"'password': '{CANARY}', 'x': 1",
        f'"admin_password": "{CANARY}"',
        f"X-Auth-Token: {CANARY}",
        f"Authorization: Basic {CANARY}",
        f"metadata_proxy_shared_secret = {CANARY}",
        f"GET /v3?token={CANARY}&x=1",
    ],
)
def test_what_looks_like_a_secret_is_not_shown(text: str) -> None:
    for formatter in (logs.TextFormatter(), logs.JsonFormatter()):
        line = formatter.format(record("refused: %s", text, cause=text))
        assert CANARY not in line
        assert "***" in line


def test_typed_secrets_are_not_shown() -> None:
    assert CANARY not in logs.TextFormatter().format(record("%s %r", Secret(CANARY), [Secret(CANARY)]))


def test_exceptions_say_where_but_not_with_what(stream: io.StringIO) -> None:
    logs.setup(settings(), stream)

    def fail(argument: str) -> None:
        try:
            raise KeyError("first\nline")
        except KeyError as error:
            raise RuntimeError(f"connect mysql://u:{CANARY}@db") from error

    try:
        fail(CANARY)
    except RuntimeError:
        logging.getLogger("wovenet.x").exception("failed")
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert "RuntimeError: connect mysql://u:***@db [test_logs.py:" in line
    assert "caused by KeyError" in line
    assert CANARY not in line


def test_records_are_bounded() -> None:
    line = logs.JsonFormatter().format(record("x" * 100_000, path="y" * 100_000))
    assert len(line) < 6000
    assert "(100000 characters)" in line


def test_a_message_with_wrong_arguments_is_not_lost() -> None:
    assert "%s and %s" in logs.TextFormatter().format(record("%s and %s", "one"))
