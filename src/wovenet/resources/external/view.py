"""Groups of chassis, from what hosts say of themselves."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.model.views import ChassisGroupView
from wovenet.resources.external import chosen
from wovenet.resources.external.chosen import Chassis, Place
from wovenet.resources.external.marks import IS_EXTERNAL
from wovenet.resources.host.table import HOSTS
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port.table import PORTS
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.store.tx import ReadTx

_IDS: "sa.BindParameter[Any]" = sa.bindparam("ids", expanding=True)
_WITH_PORTS = (
    sa.select(PORTS.c.network_id).where(PORTS.c.network_id.in_(_IDS), IS_EXTERNAL).distinct().order_by("network_id")
)
_HINTS = sa.select(NETWORKS.c.id, NETWORKS.c.availability_zone_hints).where(NETWORKS.c.id.in_(_IDS))
_PHYSICAL = sa.select(NETWORK_SEGMENTS.c.network_id, NETWORK_SEGMENTS.c.physical_network).where(
    NETWORK_SEGMENTS.c.network_id.in_(_IDS), NETWORK_SEGMENTS.c.physical_network.is_not(None)
)
_HOSTS = sa.select(HOSTS.c.chassis, HOSTS.c.hostname, HOSTS.c.cms_options, HOSTS.c.bridge_mappings).where(
    HOSTS.c.cms_options != "{}"
)
_texts = msgspec.json.Decoder(list[str]).decode
_words = msgspec.json.Decoder(dict[str, str]).decode


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, ChassisGroupView]:
    """The groups of those of these networks that have external ports. One statement, or four if any has."""
    found = [row.network_id for row in tx.rows(_WITH_PORTS, {"ids": ids})]
    if not found:
        return {}
    chassis, places = _chassis(tx), _places(tx, found)
    return {
        network_id: ChassisGroupView(
            network_id, place.zones, chosen.for_network(network_id, chosen.eligible(chassis, place))
        )
        for network_id, place in places.items()
    }


def of_ports(tx: ReadTx, ports: Mapping[str, tuple[str, str]]) -> dict[str, ChassisGroupView]:
    """The groups of those of these ports that have one of their own. In: external ports → network and host.

    Three statements; none if there are no ports.
    """
    if not ports:
        return {}
    chassis, places = _chassis(tx), _places(tx, sorted({network_id for network_id, _ in ports.values()}))
    found = {}
    for port_id, (network_id, host) in ports.items():
        able = chosen.eligible(chassis, places[network_id])
        if chosen.are_set_aside(able):
            names = chosen.for_port(port_id, host, able)
            found[port_id] = ChassisGroupView(network_id, places[network_id].zones, names)
    return found


def _chassis(tx: ReadTx) -> list[Chassis]:
    return [
        Chassis(
            name=row.chassis,
            hostname=row.hostname,
            options=_words(row.cms_options),
            physical_networks=frozenset(_words(row.bridge_mappings)),
        )
        for row in tx.rows(_HOSTS)
    ]


def _places(tx: ReadTx, ids: Sequence[str]) -> dict[str, Place]:
    physical: dict[str, set[str]] = {}
    for row in tx.rows(_PHYSICAL, {"ids": ids}):
        physical.setdefault(row.network_id, set()).add(row.physical_network)
    return {
        row.id: Place(tuple(_texts(row.availability_zone_hints)), frozenset(physical.get(row.id, ())))
        for row in tx.rows(_HINTS, {"ids": ids})
    }
