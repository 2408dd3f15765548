"""The small client of the API, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from wovenet.lab.rest import Cloud, Rest, RestFailed, read_cloud

NETWORKS = [{"id": "n1", "name": "blue"}, {"id": "n2", "name": "twin"}, {"id": "n3", "name": "twin"}]


class _Handler(BaseHTTPRequestHandler):
    """Answers as the API does to what these tests ask, and with what it was asked where it is a POST."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Basic dXNlcjpzZWNyZXQ=":
            self._answer(401, {"error": {"code": 401, "title": "Unauthorized", "message": "who are you"}})
            return
        key, _, value = self.path.partition("?")[2].partition("=")
        self._answer(200, {"networks": [each for each in NETWORKS if not key or each[key] == value]})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "security_group" in request:
            body = {"NeutronError": {"type": "OverQuota", "message": "Quota exceeded", "detail": ""}}
            self._answer(409, body)
        else:
            self._answer(201, {"security_group_rule": {"path": self.path, **request["security_group_rule"]}})

    def do_DELETE(self) -> None:
        self._answer(404 if self.path.endswith("/gone") else 500, None)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def rest(endpoint: str) -> Rest:
    return Rest(Cloud(endpoint, "user", "secret"))


def test_members_are_found_by_name_and_by_id(rest: Rest) -> None:
    assert rest.list("networks") == NETWORKS
    assert rest.find("networks", "blue") == rest.find("networks", "n1") == NETWORKS[0]
    with pytest.raises(RestFailed, match="no network is called 'red'"):
        rest.find("networks", "red")
    with pytest.raises(RestFailed, match="more than one network is called 'twin'"):
        rest.find("networks", "twin")


def test_a_collection_with_a_dash_has_an_underscore_in_its_body(rest: Rest) -> None:
    made = rest.create("security-group-rules", {"protocol": "icmp"})
    assert made == {"path": "/v2.0/security-group-rules", "protocol": "icmp"}


@pytest.mark.parametrize("path", ["", "/", "/v2.0", "/v2.0/"])
def test_the_endpoint_may_name_the_version_or_not(endpoint: str, path: str) -> None:
    assert Rest(Cloud(endpoint + path, "user", "secret")).list("networks") == NETWORKS


def test_a_refusal_carries_status_type_and_text(rest: Rest) -> None:
    with pytest.raises(RestFailed, match="409 Quota exceeded") as refused:
        rest.create("security-groups", {})
    assert (refused.value.status, refused.value.kind) == (409, "OverQuota")


def test_wrong_credentials_are_said(endpoint: str) -> None:
    with pytest.raises(RestFailed, match="401 who are you") as refused:
        Rest(Cloud(endpoint, "user", "guess")).list("networks")
    assert refused.value.status == 401


def test_deleting_what_is_gone_is_fine_and_a_failure_is_not(rest: Rest) -> None:
    rest.delete("ports", "gone")
    with pytest.raises(RestFailed, match="500"):
        rest.delete("ports", "stuck")


def test_nobody_at_home_is_said(endpoint: str) -> None:
    with pytest.raises(RestFailed, match=r"no answer from 127\.0\.0\.1:1"):
        Rest(Cloud("http://127.0.0.1:1")).list("networks")
    with pytest.raises(RestFailed, match="not an address of an API"):
        Rest(Cloud("ftp://somewhere"))


def test_the_cloud_is_read_and_its_password_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    with pytest.raises(RestFailed, match="has `wovenet up` been started"):
        read_cloud(file)
    file.write_text("clouds: {other: {}}\n")
    with pytest.raises(RestFailed, match="no usable cloud 'wovenet'"):
        read_cloud(file)
    file.write_text(
        "clouds:\n  wovenet:\n    auth_type: http_basic\n"
        "    auth: {endpoint: 'http://127.0.0.1:9696', username: admin, password: hush}\n"
    )
    cloud = read_cloud(file)
    assert cloud == Cloud("http://127.0.0.1:9696", "admin", "hush")
    assert "hush" not in repr(cloud)
