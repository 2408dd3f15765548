"""Something of everything, made in a running Neutron, and unmade again."""

import json
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.peer.endpoint import Endpoint

FILE = Path(__file__).with_name("scene.yaml")
FORBIDDEN = 403
QUOTA = {"port": 1000, "network": -1, "router": 7}


class Scene:
    """What `scene.yaml` says, in two new projects. `southbound`: its OVSDB remote, if ports are to be plugged."""

    def __init__(self, service: Endpoint, southbound: str | None = None) -> None:
        self._service = service
        self._southbound = southbound
        self.ids = {"owner": uuid.uuid4().hex, "other": uuid.uuid4().hex}
        """Of everything that was made, and the two projects."""
        self._made: list[tuple[str, str]] = []

    def make(self) -> None:
        """Everything is there. Raises: RuntimeError for whatever the service refuses."""
        for entry in yaml.safe_load(FILE.read_text()):
            self._make(entry)
        self._ask("PUT", f"quotas/{self.ids['owner']}", {"quota": QUOTA})

    def unmake(self) -> None:
        """Nothing of it is left, as far as the service lets it go."""
        for collection, id_ in reversed(self._made):
            if collection == "routers":
                path = f"/v2.0/routers/{id_}/remove_router_interface"
                self._service.ask("PUT", path, text=json.dumps({"subnet_id": self.ids["v4"]}))
            self._service.ask("DELETE", f"/v2.0/{collection}/{id_}")
        for project in (self.ids["owner"], self.ids["other"]):
            found = self._service.ask("GET", f"/v2.0/security-groups?project_id={project}").body
            for group in found["security_groups"]:
                self._service.ask("DELETE", f"/v2.0/security-groups/{group['id']}")
            self._service.ask("DELETE", f"/v2.0/quotas/{project}")

    def _make(self, entry: Mapping[str, Any]) -> None:
        collection = self._filled(entry["to"])
        member = _member(collection)
        owned = {} if entry.get("unowned") else {"project_id": self.ids["owner"]}
        is_optional = entry.get("optional", False)
        body = self._ask("POST", collection, {member: owned | self._filled(entry["of"])}, is_optional=is_optional)
        if body is None:
            return
        id_ = body[member]["id"]
        self.ids[entry["name"]] = id_
        self._made.append((collection, id_))
        if "tags" in entry:
            self._ask("PUT", f"{collection}/{id_}/tags", {"tags": entry["tags"]})
        if "then" in entry:
            self._ask("PUT", f"{collection}/{id_}", {member: self._filled(entry["then"])})
        for verb in ("post", "put"):
            if verb in entry:
                path = f"{collection}/{id_}/{entry[verb]['path']}"
                asked = self._filled(entry[verb]["of"])
                self._ask(verb.upper(), path, asked, is_optional=entry[verb].get("optional", False))
        if "plug" in entry and self._southbound is not None:
            self._plug(id_, entry["plug"])

    def _plug(self, port_id: str, host: str) -> None:
        """The port is up on the host, as ovn-controller would say."""
        found = {
            "binding": ("Port_Binding", f"logical_port={port_id}"),
            "chassis": ("Chassis", f"hostname={host}"),
        }
        binding, chassis = (
            self._sbctl("--bare", "--columns=_uuid", "find", table, condition).strip()
            for table, condition in found.values()
        )
        self._sbctl("set", "Port_Binding", binding, f"chassis={chassis}", "up=true")

    def _sbctl(self, *arguments: str) -> str:
        command = ["ovn-sbctl", "--no-leader-only", f"--db={self._southbound}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _ask(self, method: str, path: str, body: Any, *, is_optional: bool = False) -> Any:
        """The answer; None to a request that may be refused, and was."""
        answer = self._service.ask(method, f"/v2.0/{path}", text=json.dumps(body))
        if is_optional and answer.status == FORBIDDEN:
            return None
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body}")
        return answer.body

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return "/".join(self.ids[part[1:]] if part.startswith("$") else part for part in value.split("/"))
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        return [self._filled(item) for item in value] if isinstance(value, list) else value


def _member(collection: str) -> str:
    """The member name of a collection's URL."""
    last = collection.rpartition("/")[2].replace("-", "_")
    return {"policies": "policy", "rbac_policies": "rbac_policy"}.get(last, last.removesuffix("s"))
