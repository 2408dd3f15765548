"""A cloud for tempest: a real Keystone, and `wovenet up --auth keystone` with a private OVN, in its catalog."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import running
from tests.keystone import server
from wovenet import registry

_CONF = """
[keystone_authtoken]
www_authenticate_uri = {keystone}
auth_url = {keystone}
auth_type = password
username = admin
password = {password}
project_name = admin
user_domain_id = default
project_domain_id = default
[DEFAULT]
max_allowed_address_pair = 10
[ml2_type_vlan]
network_vlan_ranges = physnet1:1000:1099
[ml2_type_flat]
flat_networks = *
"""
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where both listen, and the external network that tests may use."""

    keystone: str
    url: str
    public_network_id: str


@contextmanager
def cloud(directory: Path) -> Iterator[Cloud]:
    """Both run for as long as the block lasts. In: an empty directory."""
    (directory / "keystone").mkdir()
    with server.running(directory / "keystone") as keystone:
        conf = directory / "neutron.conf"
        conf.write_text(_CONF.format(keystone=keystone.url, password=server.PASSWORD))
        with running.running(directory / "wovenet", "--auth", "keystone", "--config-file", str(conf)) as wovenet:
            url = f"http://127.0.0.1:{wovenet.port}"
            admin = Admin(keystone.url)
            admin.offer("network", url)
            public = admin.post(f"{url}/v2.0/networks", {"network": {"name": "public", "router:external": True}})
            subnet = {"network_id": public["id"], "ip_version": 4, "cidr": "203.0.113.0/24", "enable_dhcp": False}
            admin.post(f"{url}/v2.0/subnets", {"subnet": subnet})
            yield Cloud(keystone.url, url, public["id"])
            wovenet.check()


class Admin:
    """Keystone's administrator."""

    def __init__(self, keystone: str) -> None:
        self._keystone = f"{keystone}/v3"
        who = {"user": {"name": "admin", "domain": {"id": "default"}, "password": server.PASSWORD}}
        scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
        body = {"auth": {"identity": {"methods": ["password"], "password": who}, "scope": scope}}
        answer = requests.post(f"{self._keystone}/auth/tokens", json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        self._headers = {"X-Auth-Token": answer.headers["X-Subject-Token"]}

    def post(self, url: str, body: Any) -> Any:
        """The one thing that a POST of `body` made."""
        answer = requests.post(url, json=body, headers=self._headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        [made] = answer.json().values()
        return made

    def offer(self, kind: str, url: str) -> None:
        """The catalog says that services of this kind are at `url`."""
        service = self.post(f"{self._keystone}/services", {"service": {"type": kind, "name": kind}})
        where = {"service_id": service["id"], "interface": "public", "url": url, "region_id": "RegionOne"}
        self.post(f"{self._keystone}/endpoints", {"endpoint": where})


def extensions() -> list[str]:
    """The aliases that are served."""
    return list(registry.build().surface.extensions)
