"""The counts of addresses: how many there are is arithmetic, how many are used is counted by the database."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from wovenet.resources.base import Object
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import schema
from wovenet.store.tx import ReadTx

POOLS_MAX: Final = 5000
"""Allocation pools that one statement counts in: databases limit the number of parameters."""

_S = SUBNETS.c
_F = PORT_FIXED_IPS.c
_USED = sa.select(sa.func.count()).where(_F.subnet_id == _S.id).scalar_subquery()
_SUBNETS = (
    sa.select(_S.id, _S.network_id, _S.name, _S.ip_version, _S.cidr, _S.allocation_pools, _USED.label("used"))
    .where(_S.network_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(_S.network_id, _S.id)
)
_DETAILS = (
    "total_ips_in_subnet",
    "total_ips_in_allocation_pool",
    "used_ips_in_subnet",
    "used_ips_in_allocation_pool",
)


def complement(
    tx: ReadTx, networks: Sequence[Object], filters: Mapping[str, Sequence[Any]], wanted: frozenset[str]
) -> None:
    """The networks have the counts of their subnets, and of all of these together.

    Of subnets of other IP versions than are asked for, nothing is said. Two statements; another one for each further
    thousands of allocation pools.
    """
    del wanted
    statement = _SUBNETS
    if "ip_version" in filters:
        statement = statement.where(_S.ip_version.in_(versions(filters["ip_version"])))
    rows = tx.rows(statement, {"ids": [network["id"] for network in networks]}) if networks else []
    in_pools = _used_in_pools(tx, rows)
    of_network: dict[str, list[Object]] = {}
    for row in rows:
        of_network.setdefault(row.network_id, []).append(_subnet(row, in_pools.get(row.id, 0)))
    for network in networks:
        subnets = of_network.get(network["id"], [])
        details = {name: sum(subnet["ip_availability_details"][name] for subnet in subnets) for name in _DETAILS}
        network |= {
            "subnet_ip_availability": subnets,
            "used_ips": sum(subnet["used_ips"] for subnet in subnets),
            "total_ips": sum(subnet["total_ips"] for subnet in subnets),
            "ip_availability_details": details,
        }


def versions(values: Sequence[Any]) -> list[int]:
    """The IP versions among the values of a filter. Others match nothing."""
    return [int(value) for value in values if value in ("4", "6")]


def _subnet(row: "sa.Row[Any]", used_in_pools: int) -> Object:
    pools = _pools(row)
    in_pools = sum(last - first + 1 for first, last in pools)
    details = (_usable(row.cidr), in_pools, row.used, used_in_pools)
    return {
        "subnet_id": row.id,
        "subnet_name": row.name,
        "ip_version": row.ip_version,
        "cidr": row.cidr,
        "used_ips": row.used,
        "total_ips": in_pools,
        "ip_availability_details": dict(zip(_DETAILS, details, strict=True)),
    }


def _usable(cidr: str) -> int:
    """The addresses of a subnet. As the peer: of IPv4 without two of them, however small it is."""
    network = ipaddress.ip_network(cidr)
    return network.num_addresses - (2 if network.version == 4 else 0)


def _pools(row: "sa.Row[Any]") -> list[tuple[int, int]]:
    pools = msgspec.json.decode(row.allocation_pools)
    return [(int(ipaddress.ip_address(pool["start"])), int(ipaddress.ip_address(pool["end"]))) for pool in pools]


def _used_in_pools(tx: ReadTx, rows: "Sequence[sa.Row[Any]]") -> dict[str, int]:
    """Subnet → how many of the addresses that ports have are in its allocation pools."""
    bounds = [
        (row.id, schema.key_of(first), schema.key_of(last)) for row in rows if row.used for first, last in _pools(row)
    ]
    found: dict[str, int] = {}
    for start in range(0, len(bounds), POOLS_MAX):
        for row in tx.rows(_count_in(bounds[start : start + POOLS_MAX])):
            found[row.subnet_id] = found.get(row.subnet_id, 0) + row.used
    return found


def _count_in(bounds: Sequence[tuple[str, str, str]]) -> "sa.Select[Any]":
    columns = (sa.column(name, schema.fixed_type(36)) for name in ("of_subnet", "first", "last"))
    pools = sa.values(*columns, name="pools").data(list(bounds)).cte("pools")
    is_in = sa.and_(pools.c.of_subnet == _F.subnet_id, _F.ip_key.between(pools.c.first, pools.c.last))
    return sa.select(_F.subnet_id, sa.func.count().label("used")).join(pools, is_in).group_by(_F.subnet_id)
