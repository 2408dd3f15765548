"""YAML files of requests, and gabbi suites made of them.

A file is gabbi's, with short forms that are turned into gabbi's own before it sees them:

    aliases: [net-mtu]               # the extensions that the file proves, besides the one it is named after
    settings: {quotas.quota_port: 1} # options that differ
    fixtures: [Hosts]                # see `fixtures`
    tests:
    - POST: /v2.0/networks           # its name is the request line, unless `name` is given
      as: member                     # who asks (see `tests.client`); admin unless said
      data: {network: {name: n}}
      save: {net: network.id}        # `$net` is the value there: in this request's expectations, and in later requests
      status: 201                    # what the method answers when it does what it is told to, unless said
      response_body: {network: {name: n, id: $net}}
      response_error: {NetworkNotFound: "Network $net could not be found."}

`response_body` names what has to be there: of a dictionary at least these keys, of a list exactly these items in this
order. "(absent)" says that there is no such key, "/…/" is a regular expression for the whole of a string.
"""

import functools
import re
import unittest
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonpath_ng.ext as jsonpath
import yaml
from gabbi import suite, suitemaker
from gabbi.handlers import base, core, jsonhandler

from tests.client import App, identity

HERE = Path(__file__).parent
SUCCESS = {"GET": 200, "HEAD": 200, "POST": 201, "PUT": 200, "DELETE": 204}
ABSENT = "(absent)"
_OWN_KEYS = frozenset({"as", "save"})
_PATTERN = re.compile("/.+/", re.DOTALL)
_NAME = re.compile(r"\$([a-z][a-z0-9_]*)")


def files() -> list[Path]:
    """All files of cases."""
    return sorted(HERE.glob("*/*.yaml"))


@functools.cache
def read(file: Path) -> Mapping[str, Any]:
    """What stands in a file."""
    found: Mapping[str, Any] = yaml.safe_load(file.read_text())
    return found


def requests(file: Path) -> Iterator[tuple[str, str, str, str]]:
    """Of each request of a file: who asks, method, URL, and the status that is expected."""
    for raw in read(file)["tests"]:
        method = _method(raw)
        yield raw.get("as", "admin"), method, raw[method], str(raw.get("status", SUCCESS.get(method)))


def make(file: Path, app: App, fixture_module: Any) -> suite.GabbiSuite:
    """The suite of a file, against `app`."""
    content = read(file)
    words: dict[str, str] = {}
    defaults = {"cert_validate": False, "request_headers": {"content-type": "application/json"}}
    return suitemaker.test_suite_from_dict(
        unittest.TestLoader(),
        f"{file.parent.name}/{file.stem}",
        {
            "fixtures": content.get("fixtures", []),
            "defaults": defaults,
            "tests": [_plain(number, raw, words) for number, raw in enumerate(content["tests"], 1)],
        },
        str(file.parent),
        "127.0.0.1",
        9696,
        fixture_module,
        lambda: app,
        handlers=[_Json(), _Body(), _Error(), core.HeadersResponseHandler(), core.ForbiddenHeadersResponseHandler()],
    )


def _method(raw: Mapping[str, Any]) -> str:
    return next(key for key in raw if key.isupper())


def _plain(number: int, raw: Mapping[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """A request as gabbi wants it. `words`: what names stand for; those that this request saves are added."""
    method = _method(raw)
    described = raw.get("name", f"{method} {raw[method]} as {raw.get('as', 'admin')}")
    name = f"{number:03} {described}".replace("$", "").replace("'", "")
    for word, path in raw.get("save", {}).items():
        words[word] = f"$HISTORY['{name}'].$RESPONSE['$.{path}']"
    given = {key: value for key, value in raw.items() if key not in _OWN_KEYS}
    headers = {**identity(raw.get("as", "admin")), **given.pop("request_headers", {})}
    return {"status": SUCCESS.get(method), **_worded({**given, "request_headers": headers}, words), "name": name}


def _worded(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _NAME.sub(lambda match: words[match[1]], value)
    if isinstance(value, Mapping):
        return {_worded(key, words): _worded(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_worded(item, words) for item in value]
    return value


_parsed = functools.cache(jsonpath.parse)


class _Json(jsonhandler.JSONHandler):  # type: ignore[misc]
    """gabbi's, with every path parsed once only."""

    @staticmethod
    def extract_json_path_value(data: Any, path: str) -> Any:
        found = [match.value for match in _parsed(path).find(data)]
        if not found:
            raise ValueError(f"no {path} in {data}")
        return found if len(found) > 1 else found[0]


class _Body(base.ResponseHandler):  # type: ignore[misc]
    """`response_body`."""

    test_key_suffix = "body"
    test_key_value: Mapping[str, Any] = {}

    def action(self, test: Any, item: str, value: Any = None) -> None:
        assert isinstance(test.response_data, dict), f"no object: {test.output}"
        found = list(_differences(item, test.replace_template(value), test.response_data.get(item, ABSENT)))
        assert not found, "\n".join(found)


class _Error(base.ResponseHandler):  # type: ignore[misc]
    """`response_error`: the type of the NeutronError, and its text unless that is null."""

    test_key_suffix = "error"
    test_key_value: Mapping[str, Any] = {}

    def action(self, test: Any, item: str, value: Any = None) -> None:
        expected = {"type": item, "detail": ""} | ({} if value is None else {"message": test.replace_template(value)})
        got = test.response_data.get("NeutronError", ABSENT)
        found = list(_differences("NeutronError", expected, got))
        assert not found, "\n".join([*found, f"in {got}"])
        assert set(got) == {"type", "message", "detail"}


def _differences(where: str, expected: Any, got: Any) -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            yield from _differences(f"{where}.{key}", value, got.get(key, ABSENT))
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for number, (one, other) in enumerate(zip(expected, got, strict=True)):
            yield from _differences(f"{where}.{number}", one, other)
    elif isinstance(expected, str) and isinstance(got, str) and _PATTERN.fullmatch(expected):
        if not re.fullmatch(expected[1:-1], got, re.DOTALL):
            yield f"{where}: {got!r} does not match {expected}"
    elif expected != got or type(expected) is not type(got):
        yield f"{where}: expected {expected!r}, got {got!r}"
