"""The real `openstack` command logs in with the `clouds.yaml` that the first start writes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from wovenet.api import auth, clouds, faults
from wovenet.api.policy import Policy
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.settings import load

OPENSTACK = str(Path(sys.executable).with_name("openstack"))


class Server(ThreadingHTTPServer):
    """As much of the API as `network list` asks for."""

    daemon_threads = True
    authenticate: auth.Authenticate
    callers: list[Actor]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        try:
            self._answer(200, json.dumps(self._found()).encode())
        except problems.Problem as problem:
            fault = faults.of(problem)
            self._answer(fault.status, fault.body(), **fault.headers)

    def log_message(self, *_: object) -> None:
        pass

    def _found(self) -> object:
        if self.path == "/":
            link = {"rel": "self", "href": f"http://127.0.0.1:{self.server.server_port}/v2.0/"}
            return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self.headers.items()}
        self.server.callers.append(self.server.authenticate(environ))
        if self.path == "/v2.0/networks":
            return {"networks": [{"id": "n", "name": "blue", "subnets": []}]}
        raise problems.HTTPNotFound

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.callers = []
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def start(server: Server, state: Path, strategy: str) -> None:
    url = f"http://127.0.0.1:{server.server_port}"
    settings, _ = load({"state_dir": state, "auth": strategy})
    auth.prepare(settings, url)
    server.authenticate = auth.authenticator(settings, Policy())


def network_list(state: Path, cloud: str) -> "subprocess.CompletedProcess[str]":
    environ = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(state / clouds.FILE)}
    command = [OPENSTACK, "--os-cloud", cloud, "network", "list", "-f", "json"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("strategy", "cloud", "is_admin"),
    [("basic", "wovenet", True), ("basic", "wovenet-demo", False), ("noauth", "wovenet", True)],
)
def test_the_command_logs_in(server: Server, tmp_path: Path, strategy: str, cloud: str, is_admin: bool) -> None:
    start(server, tmp_path, strategy)
    done = network_list(tmp_path, cloud)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["Name"] == "blue"
    assert server.callers[-1].is_admin is is_admin


def test_a_wrong_password_is_said_to_be_one(server: Server, tmp_path: Path) -> None:
    start(server, tmp_path, "basic")
    file = tmp_path / clouds.FILE
    file.write_text(file.read_text().replace("password: ", "password: not-"))
    done = network_list(tmp_path, "wovenet")
    assert done.returncode != 0
    assert "401" in done.stderr or "requires authentication" in done.stderr
    assert server.callers == []
