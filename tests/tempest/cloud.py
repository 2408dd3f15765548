"""A cloud for tempest: a real Keystone, and `wovenet up --auth keystone` with a private OVN, in its catalog."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import running
from tests.keystone import server
from tests.keystone.cloud import Cloud as Identities
from wovenet import registry

_CONF = """
[keystone_authtoken]
www_authenticate_uri = {keystone}
auth_url = {keystone}
auth_type = password
username = neutron
password = {password}
project_name = service
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
        people = Identities(keystone.url)
        conf = directory / "neutron.conf"
        conf.write_text(_CONF.format(keystone=keystone.url, password=server.PASSWORD))
        with running.running(directory / "wovenet", "--auth", "keystone", "--config-file", str(conf)) as wovenet:
            url = f"http://127.0.0.1:{wovenet.port}"
            people.serve("network", url)
            public = _made(url, people.admin, "network", {"name": "public", "router:external": True})
            subnet = {"network_id": public, "ip_version": 4, "cidr": "203.0.113.0/24", "enable_dhcp": False}
            _made(url, people.admin, "subnet", subnet)
            yield Cloud(keystone.url, url, public)
            wovenet.check()


def _made(url: str, token: str, member: str, fields: dict[str, Any]) -> str:
    """The id of what the administrator made."""
    headers = {"X-Auth-Token": token}
    answer = requests.post(f"{url}/v2.0/{member}s", json={member: fields}, headers=headers, timeout=TIMEOUT_S)
    answer.raise_for_status()
    made: str = answer.json()[member]["id"]
    return made


def extensions() -> list[str]:
    """The aliases that are served."""
    return list(registry.build().surface.extensions)
