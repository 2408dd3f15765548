"""Every answer names its request, and every record of a request names it too."""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from wovenet import logs
from wovenet.api import requestid
from wovenet.api.requestid import RequestIds
from wovenet.model.clock import SystemClock

GLOBAL = "req-11111111-2222-4333-8444-555555555555"
OWN = re.compile(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def serve(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any] | None = None
) -> tuple[str, dict[str, str], bytes]:
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
        answer.update(status=status, headers=dict(headers))

    body = b"".join(
        RequestIds(app, SystemClock())(
            {"REQUEST_METHOD": "GET", "PATH_INFO": "/v2.0", **(environ or {})}, start_response
        )
    )
    return answer["status"], answer["headers"], body


def hello(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("content-type", "text/plain")])
    return [logs.request_id.get().encode()]


def test_the_answer_and_the_records_have_the_same_id(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    status, headers, body = serve(hello)
    assert status == "200 OK"
    assert OWN.fullmatch(headers["x-openstack-request-id"])
    assert body.decode() == headers["x-openstack-request-id"]
    assert logs.request_id.get() == ""
    said = caplog.records[-1].__dict__
    assert (said["method"], said["path"], said["status"]) == ("GET", "/v2.0", 200)


def test_ids_are_never_taken_from_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    _, headers, _ = serve(hello, {"HTTP_X_OPENSTACK_REQUEST_ID": GLOBAL})
    assert headers["x-openstack-request-id"] != GLOBAL
    assert caplog.records[-1].__dict__["global_request_id"] == GLOBAL


@pytest.mark.parametrize("given", ["evil", GLOBAL + "\n", f"x{GLOBAL}", "req-1", "a" * 10_000, ""])
def test_a_chain_that_is_no_request_id_is_not_mentioned(given: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    serve(hello, {"HTTP_X_OPENSTACK_REQUEST_ID": given})
    assert requestid.global_id({"HTTP_X_OPENSTACK_REQUEST_ID": given}) is None
    assert "global_request_id" not in caplog.records[-1].__dict__


def test_an_application_that_fails_leaves_a_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    def broken(_: dict[str, Any], __: Callable[..., Any]) -> Iterable[bytes]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        serve(broken)
    assert caplog.records[-1].__dict__["status"] == 500
    assert logs.request_id.get() == ""
