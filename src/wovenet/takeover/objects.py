"""One object of Neutron → our rows: networks and what is in them. Pure.

Here and in `security`, and nowhere else, the words of both sides meet. Each function is given an item of `source` and
yields (table, row). What cannot be kept as it is, is noted in the report.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import netaddr
import sqlalchemy as sa

from wovenet.drivers import types
from wovenet.drivers.types import Asked
from wovenet.resources.address_scope.table import ADDRESS_SCOPES
from wovenet.resources.ipam import claims
from wovenet.resources.network import default_external
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import rules
from wovenet.resources.port.table import (
    PORT_ALLOWED_PAIRS,
    PORT_BINDINGS,
    PORT_FIXED_IPS,
    PORT_SECURITY_GROUPS,
    PORTS,
)
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool import blocks
from wovenet.resources.subnetpool.table import SUBNETPOOL_PREFIXES, SUBNETPOOLS
from wovenet.resources.tagging import TAGS
from wovenet.store import schema
from wovenet.takeover.report import Report

Item = Mapping[str, Any]
Row = dict[str, Any]
Rows = Iterator[tuple[sa.Table, Row]]

UNKNOWN_TIME: Final = "1970-01-01T00:00:00Z"
"""Of objects that are older than the columns for it."""
ACTIVE: Final = "ACTIVE"


def standard(item: Item) -> Row:
    """The columns that every object has."""
    created = _time(item.get("created_at"))
    return {
        "id": item["id"],
        "project_id": item["project_id"],
        "name": item.get("name"),
        "description": item.get("description"),
        "revision_number": item.get("revision_number") or 0,
        "created_at": created or UNKNOWN_TIME,
        "updated_at": _time(item.get("updated_at")) or created or UNKNOWN_TIME,
    }


def tags(collection: str, item: Item) -> Rows:
    for tag in item["tags"]:
        yield TAGS, {"object_id": item["id"], "tag": tag["tag"], "collection": collection}


def network(item: Item, report: Report) -> Rows:
    yield (
        NETWORKS,
        {
            **standard(item),
            "admin_state_up": bool(item["admin_state_up"]),
            "status": item["status"] or ACTIVE,
            "mtu": item["mtu"],
            "port_security_enabled": _flag(item.get("port_security_enabled"), default=True),
            "router_external": item.get("external_id") is not None,
            "vlan_transparent": bool(item["vlan_transparent"]),
            "qinq": bool(item.get("qinq")),
            "availability_zone_hints": _json(item["availability_zone_hints"], [], report, ("networks", item["id"])),
            "dns_domain": item.get("dns_domain") or "",
            "default_claim": default_external.CLAIMED if item.get("is_default") else None,
        },
    )
    for index, segment in enumerate(sorted(item["segments"], key=lambda one: (one["segment_index"], one["id"]))):
        if segment["is_dynamic"]:
            report.remark("networks", item["id"], f"its dynamic segment {segment['id']} is left out")
            continue
        asked = Asked(segment["network_type"], segment["physical_network"] or None, segment["segmentation_id"])
        yield (
            NETWORK_SEGMENTS,
            {
                **standard({**segment, "project_id": item["project_id"]}),
                "network_id": item["id"],
                "segment_index": index,
                **asked._asdict(),
                "claim": _claim(asked, item, report),
            },
        )
    yield from tags("networks", item)


def _claim(asked: Asked, item: Item, report: Report) -> str | None:
    driver = types.DRIVERS.get(asked.network_type)
    if driver is not None:
        return driver.claim(asked)
    report.remark("networks", item["id"], f"its segment is of a type that is not known here: {asked.network_type}")
    return f"{asked.network_type}/{asked.physical_network or ''}/{asked.segmentation_id or ''}"


def address_scope(item: Item, _report: Report) -> Rows:
    # Neutron keeps neither revision nor times of them.
    yield ADDRESS_SCOPES, {**standard(item), "ip_version": item["ip_version"]}


def subnetpool(item: Item, _report: Report) -> Rows:
    names = ("ip_version", "default_prefixlen", "min_prefixlen", "max_prefixlen", "default_quota", "address_scope_id")
    yield (
        SUBNETPOOLS,
        {
            **standard(item),
            **{name: item[name] for name in names},
            "is_default": bool(item["is_default"]),
            "default_claim": item["ip_version"] if item["is_default"] else None,
            "turn": 0,
        },
    )
    for prefix in item["prefixes"]:
        network = netaddr.IPNetwork(prefix["cidr"])
        yield (
            SUBNETPOOL_PREFIXES,
            {
                "subnetpool_id": item["id"],
                "cidr": str(network.cidr),
                "first_key": schema.key_of(network.first),
                "last_key": schema.key_of(network.last),
            },
        )
    yield from tags("subnetpools", item)


def subnet(item: Item, report: Report) -> Rows:
    network = blocks.collapsed([item["cidr"]])[0]
    names = (
        "network_id", "ip_version", "gateway_ip", "ipv6_ra_mode", "ipv6_address_mode", "subnetpool_id", "segment_id",
    )  # fmt: skip
    first, last = blocks.interval_of(network)
    pools = sorted(item["pools"], key=lambda pool: int(netaddr.IPAddress(pool["first_ip"])))
    yield (
        SUBNETS,
        {
            **standard(item),
            **{name: item.get(name) for name in names},
            "cidr": str(network),
            "enable_dhcp": bool(item["enable_dhcp"]),
            "dns_publish_fixed_ip": bool(item.get("dns_publish_fixed_ip")),
            "allocation_pools": _text([{"start": pool["first_ip"], "end": pool["last_ip"]} for pool in pools]),
            "dns_nameservers": _text([one["address"] for one in sorted(item["dns"], key=lambda one: one["order"])]),
            "host_routes": _text(
                [{"destination": one["destination"], "nexthop": one["nexthop"]} for one in item["routes"]]
            ),
            "service_types": _text([one["service_type"] for one in item["service_types"]]),
            "first_key": schema.key_of(first),
            "last_key": schema.key_of(last),
        },
    )
    yield from tags("subnets", item)


def port(item: Item, report: Report) -> Rows:
    bindings = sorted(item["bindings"], key=lambda one: (one["status"] != ACTIVE, one["host"]))
    active: Item = bindings[0] if bindings and bindings[0]["status"] == ACTIVE else {}
    yield (
        PORTS,
        {
            **standard(item),
            "network_id": item["network_id"],
            "mac_address": item["mac_address"],
            "admin_state_up": bool(item["admin_state_up"]),
            "status": item["status"],
            "device_id": item["device_id"],
            "device_owner": item["device_owner"],
            "is_up": item["status"] == ACTIVE,
            "port_security_enabled": _flag(item.get("port_security_enabled"), default=True),
            "ip_allocation": item["ip_allocation"] or "immediate",
            "binding_host_id": active.get("host") or "",
            **{f"binding_{name}": value for name, value in _binding(active, item, report).items()},
            "extra_dhcp_opts": _text([dict(one) for one in item["options"]], ("opt_name", "opt_value", "ip_version")),
            "dns_name": item.get("dns_name") or "",
            "dns_domain": item.get("dns_domain") or "",
            "device_profile": item.get("device_profile"),
            "numa_affinity_policy": item.get("numa_affinity_policy"),
            "hardware_offload_type": item.get("hardware_offload_type"),
            "trusted": None if item.get("trusted") is None else bool(item["trusted"]),
            "propagate_uplink_status": _flag(item.get("propagate_uplink_status"), default=True),
        },
    )
    for one in bindings:
        if one["status"] != ACTIVE and one["host"]:
            yield PORT_BINDINGS, {"port_id": item["id"], "host": one["host"], **_binding(one, item, report)}
    for one in item["addresses"]:
        address = str(netaddr.IPAddress(one["ip_address"]).ipv6() if ":" in one["ip_address"] else one["ip_address"])
        values = {"subnet_id": one["subnet_id"], "port_id": item["id"], "ip_address": address}
        yield PORT_FIXED_IPS, {**values, "ip_key": claims.key_of(address)}
    for one in item["pairs"]:
        pair = {"mac_address": one["mac_address"], "ip_address": one["ip_address"]}
        yield PORT_ALLOWED_PAIRS, {"port_id": item["id"], **pair}
    for one in item["groups"]:
        yield PORT_SECURITY_GROUPS, {"port_id": item["id"], "security_group_id": one["security_group_id"]}
    yield from tags("ports", item)


def _binding(one: Item, of: Item, report: Report) -> Row:
    who = ("ports", of["id"])
    details: dict[str, Any] = _parsed(one.get("vif_details"), {}, report, who)
    profile = _parsed(one.get("profile"), {}, report, who)
    offload, trusted = of.get("hardware_offload_type"), None if of.get("trusted") is None else bool(of["trusted"])
    drivers = {str(level["level"]): level["driver"] for level in of["levels"] if level["host"] == one.get("host")}
    return {
        "vnic_type": one.get("vnic_type") or "normal",
        "vif_type": one.get("vif_type") or "unbound",
        # The peer keeps the drivers apart, and shows them here.
        "vif_details": _text({**details, "bound_drivers": drivers} if drivers else details),
        # The peer keeps these two apart, and shows them here too.
        "profile": _text(rules.completed_profile(profile, offload=offload, trusted=trusted)),
    }


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _flag(value: Any, *, default: bool) -> bool:
    return default if value is None else bool(value)


def _text(value: Any, names: Sequence[str] = ()) -> str:
    """JSON as our columns have it; of a list of dicts, only `names`."""
    kept = [{name: one[name] for name in names} for one in value] if names else value
    return msgspec.json.encode(kept).decode()


def _json(value: str | None, empty: Any, report: Report, who: tuple[str, Any]) -> str:
    """A column of JSON, written anew."""
    return _text(_parsed(value, empty, report, who))


def _parsed(value: str | None, empty: Any, report: Report, who: tuple[str, Any]) -> Any:
    """A column of JSON; `empty` for one that is not what it should be."""
    try:
        found = json.loads(value) if value else empty
    except ValueError:
        found = None
    if not isinstance(found, type(empty)):
        report.remark(*who, f"a value is left out that is no JSON {type(empty).__name__}")
        return empty
    return found
