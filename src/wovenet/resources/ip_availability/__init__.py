"""How many addresses networks have, and how many of them ports have: networks, seen as pools of addresses."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model.problems import NetworkNotFound
from wovenet.resources.base import Resource
from wovenet.resources.ip_availability import counts
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.subnet.table import SUBNETS


def _by_ip_version(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Networks with a subnet of one of these versions."""
    versions = counts.versions(values)
    return NETWORKS.c.id.in_(sa.select(SUBNETS.c.network_id).where(SUBNETS.c.ip_version.in_(versions)))


RESOURCE: Resource = Resource(
    collection="network_ip_availabilities",
    member="network_ip_availability",
    table=NETWORKS,
    not_found=lambda network_id: NetworkNotFound(net_id=network_id),
    columns={"network_id": NETWORKS.c.id, "network_name": NETWORKS.c.name},
    derived=dict.fromkeys(("total_ips", "used_ips", "subnet_ip_availability", "ip_availability_details"), ("id",)),
    complement=counts.complement,
    filters={"ip_version": _by_ip_version},
    is_view=True,
)
