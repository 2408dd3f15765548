"""A network whose books are kept: ports, addresses in use, addresses free, and what quotas count."""

from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import sqlalchemy as sa

from tests.running import Running
from wovenet import serve
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.store import quota_usage, ranges
from wovenet.store.tx import MARKS

MARKED = sa.select(sa.func.count()).select_from(MARKS).where(MARKS.c.unit_id == sa.bindparam("unit_id"))
"""How many marks a unit has."""


@dataclass(frozen=True)
class Ledger:
    """A network with one subnet."""

    cloud: Running
    network: dict[str, Any]
    subnet: dict[str, Any]

    @property
    def pool_size(self) -> int:
        return ip_network(self.subnet["cidr"]).num_addresses - 3  # network, gateway, broadcast

    def port(self, name: str = "") -> tuple[str, str, Any]:
        """A request that makes a port."""
        return ("POST", "/v2.0/ports", {"port": {"network_id": self.network["id"], "name": name}})

    def ports(self) -> list[dict[str, Any]]:
        return self.cloud.rest.list("ports", network_id=self.network["id"])

    def balance(self) -> int:
        """Ports, claims, free addresses and quota usage say the same. Out: how many ports there are."""
        ports = self.ports()
        addresses = [fixed["ip_address"] for port in ports for fixed in port["fixed_ips"]]
        assert len(set(addresses)) == len(addresses) == len(ports)
        project = self.network["project_id"]
        claimed = (
            sa.select(sa.func.count())
            .select_from(PORT_FIXED_IPS)
            .where(PORT_FIXED_IPS.c.subnet_id == self.subnet["id"])
        )
        with serve.opened(self.cloud.settings) as store, store.read() as tx:
            claims = tx.value(claimed)
            free = ranges.size(tx, self.subnet["id"])
            used = quota_usage.used(tx, project, "port")
        assert claims == len(ports)
        assert free == self.pool_size - len(ports)
        assert used == len(self.cloud.rest.list("ports", project_id=project))
        return len(ports)


def opened(cloud: Running, cidr: str = "10.50.0.0/20") -> Ledger:
    """A new network; the project may have as many ports as it likes."""
    network = cloud.rest.create("networks", {"name": "books"})
    subnet = cloud.rest.create("subnets", {"network_id": network["id"], "cidr": cidr, "ip_version": 4})
    cloud.rest.update("quotas", network["project_id"], {"port": -1})
    return Ledger(cloud, network, subnet)
