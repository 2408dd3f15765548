"""The v2.0 API as a client of few needs sees it; the standard library and a clouds.yaml are all it takes."""

import base64
import contextlib
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import yaml

CLOUD = "wovenet"

Resource = dict[str, Any]


class RestFailed(Exception):  # noqa: N818
    """The API refused a request, or could not be asked. `status` is 0 where there was no answer."""

    def __init__(self, text: str, *, status: int = 0, kind: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the API is and who asks."""

    endpoint: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


def read_cloud(clouds_file: Path, *, name: str = CLOUD) -> Cloud:
    """The cloud `name` of a clouds.yaml with `auth_type: http_basic` or `none`.

    Raises: RestFailed where the file or the cloud is not there.
    """
    try:
        cloud = yaml.safe_load(clouds_file.read_text())["clouds"][name]
        auth = cloud.get("auth") or {}
        endpoint = auth.get("endpoint") or cloud.get("endpoint") or cloud["network_endpoint_override"]
    except FileNotFoundError as missing:
        raise RestFailed(
            f"{clouds_file} is missing: has `wovenet up` been started with this state directory?"
        ) from missing
    except (KeyError, TypeError, yaml.YAMLError) as malformed:
        raise RestFailed(f"{clouds_file} has no usable cloud {name!r}") from malformed
    return Cloud(endpoint, auth.get("username"), auth.get("password"))


class Rest:
    """Requests to one API, each on a connection of its own."""

    def __init__(self, cloud: Cloud, *, timeout_s: float = 30.0) -> None:
        parts = urlsplit(cloud.endpoint)
        if parts.hostname is None or parts.scheme not in {"http", "https"}:
            raise RestFailed(f"not an address of an API: {cloud.endpoint!r}")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/").removesuffix("/v2.0") + "/v2.0"
        self._timeout_s = timeout_s
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if cloud.username is not None:
            pair = f"{cloud.username}:{cloud.password or ''}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"

    def list(self, collection: str, **filters: str) -> list[Resource]:
        """The members of `collection` ("security-groups") that match."""
        query = f"?{urlencode(filters)}" if filters else ""
        return cast(list[Resource], self._request("GET", f"{collection}{query}")[collection.replace("-", "_")])

    def show(self, collection: str, resource_id: str) -> Resource:
        """One member."""
        return cast(Resource, self._request("GET", f"{collection}/{resource_id}")[_member(collection)])

    def create(self, collection: str, attributes: Mapping[str, object]) -> Resource:
        """The new member."""
        answer = self._request("POST", collection, {_member(collection): attributes})
        return cast(Resource, answer[_member(collection)])

    def update(self, collection: str, resource_id: str, attributes: Mapping[str, object]) -> Resource:
        """The member, changed."""
        answer = self._request("PUT", f"{collection}/{resource_id}", {_member(collection): attributes})
        return cast(Resource, answer[_member(collection)])

    def delete(self, collection: str, resource_id: str) -> None:
        """The member is gone; fine if it was."""
        try:
            self._request("DELETE", f"{collection}/{resource_id}")
        except RestFailed as failed:
            if failed.status != http.HTTPStatus.NOT_FOUND:
                raise

    def find(self, collection: str, name_or_id: str) -> Resource:
        """The one member of this name or id.

        Raises: RestFailed also where there is none, or more than one.
        """
        found = self.list(collection, name=name_or_id) or self.list(collection, id=name_or_id)
        if len(found) != 1:
            what = _member(collection).replace("_", " ")
            raise RestFailed(f"{'no' if not found else 'more than one'} {what} is called {name_or_id!r}")
        return found[0]

    def ensure(self, collection: str, attributes: Mapping[str, object], *, by: Sequence[str] = ("name",)) -> Resource:
        """A member with the attributes named in `by`: the one that is there, or a new one."""
        found = self.list(collection, **{key: str(attributes[key]) for key in by})
        return found[0] if found else self.create(collection, attributes)

    def _request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        make = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = make(self._host, self._port, timeout=self._timeout_s)
        content = None if body is None else json.dumps(body)
        try:
            with contextlib.closing(connection):
                connection.request(method, f"{self._base}/{path}", content, self._headers)
                answer = connection.getresponse()
                text = answer.read()
        except (OSError, http.client.HTTPException) as failed:
            raise RestFailed(f"no answer from {self._host}:{self._port}: {failed}") from failed
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise _refusal(f"{method} {path}", answer.status, text)
        return cast(dict[str, Any], json.loads(text)) if text else {}


def _member(collection: str) -> str:
    return collection.rpartition("/")[2].replace("-", "_").removesuffix("s")


def _refusal(what: str, status: int, text: bytes) -> RestFailed:
    kind, message = "", text.decode(errors="replace")
    with contextlib.suppress(json.JSONDecodeError):
        error = json.loads(text)
        error = error.get("NeutronError", error.get("error", {})) if isinstance(error, dict) else {}
        if isinstance(error, dict):
            kind, message = str(error.get("type", "")), str(error.get("message", message))
        else:
            message = str(error)
    return RestFailed(f"{what}: {status} {message}", status=status, kind=kind)
