"""Claims of addresses. A row of `port_fixed_ips` is the claim; the pool of free ranges only knows where to look.

A pool is known by its subnet's id.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources.ipam import rules
from wovenet.resources.ipam.rules import AnyOf, Exact, Subnet, Want
from wovenet.resources.port.table import PORT_FIXED_IPS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store import ranges, schema
from wovenet.store.tx import ReadTx, Tx

FixedIp = dict[str, str]
"""`subnet_id` and `ip_address`, as the API shows them."""

COLUMNS: Final = (
    SUBNETS.c.id,
    SUBNETS.c.network_id,
    SUBNETS.c.ip_version,
    SUBNETS.c.cidr,
    SUBNETS.c.enable_dhcp,
    SUBNETS.c.ipv6_address_mode,
    SUBNETS.c.ipv6_ra_mode,
    SUBNETS.c.allocation_pools,
    SUBNETS.c.service_types,
    SUBNETS.c.segment_id,
)
"""What `subnet_of` reads of a row."""

_SUBNETS_BY_ID = sa.select(*COLUMNS).where(SUBNETS.c.id.in_(sa.bindparam("ids", expanding=True)))
_SUBNETS_OF_NETWORKS = (
    sa.select(*COLUMNS)
    .where(SUBNETS.c.network_id.in_(sa.bindparam("network_ids", expanding=True)))
    .order_by(SUBNETS.c.ip_version, SUBNETS.c.first_key)
)
_TAKEN = sa.select(PORT_FIXED_IPS.c.subnet_id, PORT_FIXED_IPS.c.ip_key).where(
    PORT_FIXED_IPS.c.subnet_id.in_(sa.bindparam("subnet_ids", expanding=True)),
    PORT_FIXED_IPS.c.ip_key.in_(sa.bindparam("keys", expanding=True)),
)
_USED = sa.select(PORT_FIXED_IPS.c.ip_key).where(PORT_FIXED_IPS.c.subnet_id == sa.bindparam("of_subnet"))


def subnet_of(row: "sa.Row[Any]") -> Subnet:
    """The subnet of a row with `COLUMNS`."""
    values = dict(row._mapping)
    pools, service_types = (msgspec.json.decode(values[name]) for name in ("allocation_pools", "service_types"))
    return rules.subnet_of(values, pools, service_types)


def subnets(tx: ReadTx, ids: Iterable[str]) -> dict[str, Subnet]:
    """The subnets with these ids, by id; those that do not exist are missing."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {subnet.id: subnet for subnet in map(subnet_of, tx.rows(_SUBNETS_BY_ID, {"ids": wanted}))}


def subnets_of(tx: ReadTx, network_ids: Iterable[str]) -> dict[str, list[Subnet]]:
    """The subnets of each network, the lowest first: the order in which they are tried."""
    found: dict[str, list[Subnet]] = {network_id: [] for network_id in network_ids}
    for row in tx.rows(_SUBNETS_OF_NETWORKS, {"network_ids": sorted(found)}):
        subnet = subnet_of(row)
        found[subnet.network_id].append(subnet)
    return found


def open_pool(tx: Tx, subnet: Subnet) -> None:
    """The subnet's pool holds every address of its allocation pools that no port has; whatever it held before.

    Call it when a subnet is made or its allocation pools change. Cost: the number of addresses in use.
    """
    ranges.drop(tx, subnet.id)
    used = (schema.number_of(row.ip_key) for row in tx.rows(_USED, {"of_subnet": subnet.id}))
    ranges.fill(tx, subnet.id, subnet.allocation_pools, without={number for number in used if subnet.is_pooled(number)})


def close_pool(tx: Tx, subnet_id: str) -> None:
    """Nothing is left of the subnet's pool."""
    ranges.drop(tx, subnet_id)


def claim(tx: Tx, wants: Sequence[Sequence[Want]], *, kept: Iterable[FixedIp] = ()) -> list[list[FixedIp]]:
    """The addresses that fulfil each port's wants: free until now, out of their pools; the caller inserts their rows.

    `kept`: addresses that a port has already and that are not claimed again.

    Statements: one if addresses are named, two for each subnet from which any is taken, and two or three for each
    named address in a pool; whatever the number of ports. One more before it is said that nothing is free.
    Raises: IpAddressAlreadyAllocated, IpAddressGenerationFailure; LostRace.
    """
    _claim_exact(tx, [want for of_port in wants for want in of_port if isinstance(want, Exact)], kept)
    taken = _claim_any(tx, [want for of_port in wants for want in of_port if isinstance(want, AnyOf)])
    return [sort(_fixed_ip(want, taken) for want in of_port) for of_port in wants]


def sort(fixed_ips: Iterable[FixedIp]) -> list[FixedIp]:
    """In the order in which a port shows its addresses."""
    return sorted(fixed_ips, key=lambda fixed_ip: (fixed_ip["ip_address"], fixed_ip["subnet_id"]))


def give_back(tx: Tx, subnets: Mapping[str, Subnet], fixed_ips: Iterable[FixedIp]) -> None:
    """The addresses can be taken again. In: their rows are deleted already, in this transaction.

    Statements: at most three for each subnet, and one more for each further run of neighbours.
    """
    pooled: dict[str, list[int]] = {}
    for fixed_ip in fixed_ips:
        number = rules.number_of(fixed_ip["ip_address"])
        if subnets[fixed_ip["subnet_id"]].is_pooled(number):
            pooled.setdefault(fixed_ip["subnet_id"], []).append(number)
    for subnet_id in sorted(pooled):
        ranges.give_back(tx, subnet_id, pooled[subnet_id])


def key_of(ip_address: str) -> str:
    """The address as it is kept in the claim's key."""
    return schema.key_of(rules.number_of(ip_address))


def _fixed_ip(want: Want, taken: "Mapping[tuple[Subnet, ...], Iterator[tuple[Subnet, int]]]") -> FixedIp:
    subnet, number = (want.subnet, want.number) if isinstance(want, Exact) else next(taken[want.subnets])
    return {"subnet_id": subnet.id, "ip_address": subnet.text(number)}


def _claim_exact(tx: Tx, wants: Sequence[Exact], kept: Iterable[FixedIp]) -> None:
    owned = {(fixed_ip["subnet_id"], key_of(fixed_ip["ip_address"])) for fixed_ip in kept}
    wanted: dict[tuple[str, str], Exact] = {}
    for want in wants:
        key = (want.subnet.id, schema.key_of(want.number))
        if key in wanted:
            raise _already_allocated(want)
        wanted[key] = want
    new = {key: want for key, want in wanted.items() if key not in owned}
    if not new:
        return
    parameters = {"subnet_ids": sorted({key[0] for key in new}), "keys": sorted({key[1] for key in new})}
    for row in tx.rows(_TAKEN, parameters):
        if (row.subnet_id, row.ip_key) in new:
            raise _already_allocated(new[row.subnet_id, row.ip_key])
    for key in sorted(new):
        want = new[key]
        if want.subnet.is_pooled(want.number) and not ranges.take(tx, want.subnet.id, want.number):
            raise problems.LostRace(f"{want.subnet.text(want.number)} was taken meanwhile")


def _claim_any(tx: Tx, wants: Sequence[AnyOf]) -> dict[tuple[Subnet, ...], Iterator[tuple[Subnet, int]]]:
    """For each set of candidates as many addresses as are wanted. Pools are always visited in one order."""
    counts: dict[tuple[Subnet, ...], int] = {}
    for want in wants:
        counts[want.subnets] = counts.get(want.subnets, 0) + 1
    return {
        candidates: iter(_take(tx, candidates, counts[candidates]))
        for candidates in sorted(counts, key=lambda candidates: [subnet.id for subnet in candidates])
    }


def _take(tx: Tx, candidates: Sequence[Subnet], count: int) -> list[tuple[Subnet, int]]:
    taken: list[tuple[Subnet, int]] = []
    for subnet in candidates:
        wanted = count - len(taken)
        try:
            numbers = ranges.take_any(tx, subnet.id, wanted)
        except ranges.Exhausted:
            rest = min(ranges.size(tx, subnet.id), wanted) if wanted > 1 else 0
            numbers = ranges.take_any(tx, subnet.id, rest) if rest else []
        taken.extend((subnet, number) for number in numbers)
        if len(taken) == count:
            return taken
    if subnets(tx, (subnet.id for subnet in candidates)) != {subnet.id: subnet for subnet in candidates}:
        raise problems.LostRace("subnets of which nothing was free have changed, or have gone")
    raise problems.IpAddressGenerationFailure(net_id=candidates[0].network_id)


def _already_allocated(want: Exact) -> problems.IpAddressAlreadyAllocated:
    return problems.IpAddressAlreadyAllocated(ip=want.subnet.text(want.number), subnet_id=want.subnet.id)
