"""PortViews from the store: a constant number of statements for any number of ports."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.drivers.ovn import EXTERNAL_VNIC_TYPES, VHOST_USER
from wovenet.model.views import (
    AddressPairView,
    DhcpOptionView,
    FixedIpView,
    PortView,
    SubnetView,
    has_dhcp_options,
)
from wovenet.resources.external import view as external_view
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.port import virtual
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.subnet import view as subnet
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool.table import SUBNETPOOLS
from wovenet.store.tx import ReadTx

ACTIVE = "ACTIVE"
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_P = PORTS.c
_PORTS = (
    sa.select(
        _P.id, _P.network_id, _P.project_id, _P.name, _P.revision_number, _P.mac_address, _P.admin_state_up,
        _P.device_id, _P.device_owner, _P.port_security_enabled, _P.status, _P.binding_host_id, _P.binding_vnic_type,
        _P.binding_profile, _P.binding_vif_type, _P.extra_dhcp_opts, NETWORKS.c.mtu,
    )
    .join(NETWORKS, NETWORKS.c.id == _P.network_id)
    .where(_P.id.in_(_IDS))
)  # fmt: skip
_FIXED_IPS = (
    sa.select(
        PORT_FIXED_IPS.c.port_id, PORT_FIXED_IPS.c.ip_address, SUBNETS.c.id, SUBNETS.c.ip_version, SUBNETS.c.cidr,
        SUBNETS.c.gateway_ip, SUBNETS.c.enable_dhcp, SUBNETS.c.ipv6_address_mode, SUBNETPOOLS.c.address_scope_id,
    )
    .join(SUBNETS, SUBNETS.c.id == PORT_FIXED_IPS.c.subnet_id)
    .outerjoin(SUBNETPOOLS, SUBNETPOOLS.c.id == SUBNETS.c.subnetpool_id)
    .where(PORT_FIXED_IPS.c.port_id.in_(_IDS))
    .order_by(PORT_FIXED_IPS.c.port_id, PORT_FIXED_IPS.c.ip_address)
)  # fmt: skip
_A = PORT_ALLOWED_PAIRS.c
_PAIRS = (
    sa.select(_A.port_id, _A.mac_address, _A.ip_address)
    .where(_A.port_id.in_(_IDS))
    .order_by(_A.port_id, _A.mac_address, _A.ip_address)
)
_G = PORT_SECURITY_GROUPS.c
_GROUPS = (
    sa.select(_G.port_id, _G.security_group_id).where(_G.port_id.in_(_IDS)).order_by(_G.port_id, _G.security_group_id)
)


class _Option(msgspec.Struct):
    opt_name: str
    opt_value: str | None = None
    ip_version: int = 4


class _Profile(msgspec.Struct):
    """The keys of a binding profile that OVN is told. The profile is a service's free text: types are not certain."""

    capabilities: Any = None
    parent_name: Any = None
    tag: Any = None
    migrating_to: Any = None


_options = msgspec.json.Decoder(list[_Option]).decode
_profile = msgspec.json.Decoder(_Profile).decode
_NO_PROFILE = _Profile()


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, PortView]:
    """The ports of `ids` that exist. Four statements, and at most eight more for what few of them have."""
    rows = tx.rows(_PORTS, {"ids": ids})
    fixed_ips = _fixed_ips(tx, ids)
    pairs: dict[str, list[AddressPairView]] = {}
    for row in tx.rows(_PAIRS, {"ids": ids}):
        pairs.setdefault(row.port_id, []).append(AddressPairView(row.mac_address, row.ip_address))
    groups: dict[str, list[str]] = {}
    for row in tx.rows(_GROUPS, {"ids": ids}):
        groups.setdefault(row.port_id, []).append(row.security_group_id)
    options = {row.id: _dhcp_options(row.extra_dhcp_opts) for row in rows}
    subnets = _own_dhcp(tx, {id_: fixed_ips.get(id_, ()) for id_, given in options.items() if given})
    floating = virtual.views(
        tx,
        {
            row.id: (row.network_id, fixed_ips.get(row.id, ()))
            for row in rows
            if virtual.may_be(host=row.binding_host_id, device_owner=row.device_owner)
        },
    )
    groups_of_chassis = external_view.of_ports(
        tx,
        {row.id: (row.network_id, row.binding_host_id) for row in rows if row.binding_vnic_type in EXTERNAL_VNIC_TYPES},
    )
    found = {}
    for row in rows:
        profile = _profile_of(row.binding_profile)
        found[row.id] = PortView(
            id=row.id,
            network_id=row.network_id,
            project_id=row.project_id or "",
            name=row.name or "",
            revision=row.revision_number,
            mac_address=row.mac_address,
            admin_state_up=row.admin_state_up,
            device_id=row.device_id,
            device_owner=row.device_owner,
            port_security_enabled=row.port_security_enabled,
            fixed_ips=tuple(fixed_ips.get(row.id, ())),
            allowed_pairs=tuple(pairs.get(row.id, ())),
            security_group_ids=tuple(groups.get(row.id, ())),
            host=row.binding_host_id,
            is_active=row.status == ACTIVE,
            vnic_type=row.binding_vnic_type,
            capabilities=_texts(profile.capabilities),
            parent_name=_text(profile.parent_name),
            tag=profile.tag if _text(profile.parent_name) and _is_vlan(profile.tag) else None,
            migrating_to=_text(profile.migrating_to),
            network_mtu=row.mtu,
            extra_dhcp_opts=options[row.id],
            own_dhcp=subnets.get(row.id, ()),
            announces_itself=row.binding_vif_type != VHOST_USER,
            virtual=floating.get(row.id),
            chassis_group=groups_of_chassis.get(row.id),
        )
    return found


def _fixed_ips(tx: ReadTx, ids: Sequence[str]) -> dict[str, list[FixedIpView]]:
    rows = tx.rows(_FIXED_IPS, {"ids": ids})
    # Only without a gateway it matters whether there is a metadata address to answer DHCP from.
    bare = sorted({row.id for row in rows if row.ip_version == 4 and row.enable_dhcp and row.gateway_ip is None})
    metadata = subnet.metadata_ips(tx, bare) if bare else {}
    found: dict[str, list[FixedIpView]] = {}
    for row in rows:
        has_server = row.gateway_ip is not None or row.id in metadata
        has_options = has_dhcp_options(row.ip_version, row.enable_dhcp, row.ipv6_address_mode, has_server)
        prefix_length = int(row.cidr.rpartition("/")[2])
        found.setdefault(row.port_id, []).append(
            FixedIpView(row.ip_address, row.id, row.ip_version, prefix_length, has_options, row.address_scope_id or "")
        )
    return found


def _own_dhcp(tx: ReadTx, ports: Mapping[str, Sequence[FixedIpView]]) -> dict[str, tuple[SubnetView, ...]]:
    """Port → the subnets whose options it changes, for `ports` with options of their own."""
    wanted: dict[str, list[str]] = {}
    for port_id, fixed_ips in ports.items():
        first: dict[int, str] = {}
        for fixed_ip in fixed_ips:
            if fixed_ip.has_dhcp_options:
                first.setdefault(fixed_ip.ip_version, fixed_ip.subnet_id)
        wanted[port_id] = list(first.values())
    ids = sorted({subnet_id for subnet_ids in wanted.values() for subnet_id in subnet_ids})
    subnets = subnet.views(tx, ids) if ids else {}
    return {port_id: tuple(subnets[one] for one in subnet_ids) for port_id, subnet_ids in wanted.items()}


def _dhcp_options(text: str) -> tuple[DhcpOptionView, ...]:
    if text in ("", "[]"):
        return ()
    return tuple(
        DhcpOptionView(one.opt_name, one.opt_value, one.ip_version)
        for one in _options(text)
        if one.opt_value is not None
    )


def _profile_of(text: str) -> _Profile:
    return _NO_PROFILE if text in ("", "{}") else _profile(text)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _is_vlan(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 4096
