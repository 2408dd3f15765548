"""A network's rows: its switch, and a localnet port for each segment that is a physical network's. Pure."""

from wovenet.model.ids import RowUuid, Unit
from wovenet.model.views import DeploymentView, NetworkView, SegmentView
from wovenet.ovn.rows import Desired, Keys, Link, Row, Value, row_uuid

PHYSICAL = ("flat", "vlan")
"""Segments of these types leave through a bridge of the host; the others are OVN's own."""


def switch_uuid(network_id: str) -> RowUuid:
    """The `_uuid` of a network's switch: the network's own id.

    Source: the peer does the same, and OVN hands it on as the id of the datapath.
    """
    return RowUuid(network_id)


def localnet_uuid(network: Unit, segment_id: str) -> RowUuid:
    """The `_uuid` of the localnet port of a network's segment."""
    return row_uuid("Logical_Switch_Port", network, f"provnet/{segment_id}")


def switch_name(network_id: str) -> str:
    """The name of a network's switch, which agents know it by."""
    return f"neutron-{network_id}"


def render(view: NetworkView, deployment: DeploymentView) -> Desired:
    """The switch and its localnet ports. There are no references to miss."""
    uuid = switch_uuid(view.id)
    switch = Row(
        "Logical_Switch",
        uuid,
        {
            "external_ids": Keys(_external_ids(view)),
            "name": switch_name(view.id),
            "other_config": Keys(_other_config(view, deployment)),
        },
    )
    unit = Unit("network", view.id)
    localnets = tuple(
        Row("Logical_Switch_Port", localnet_uuid(unit, segment.id), _localnet(segment, deployment))
        for segment in view.segments
        if segment.network_type in PHYSICAL
    )
    links = tuple(Link("Logical_Switch", uuid, "ports", port.uuid) for port in localnets)
    return Desired((switch, *localnets), links)


def _external_ids(view: NetworkView) -> dict[str, str | None]:
    # A switch of several segments says of none of them what it is.
    only = view.segments[0] if len(view.segments) == 1 else None
    return {
        "neutron:availability_zone_hints": ",".join(view.availability_zone_hints),
        "neutron:mtu": str(view.mtu),
        "neutron:network_name": view.name,
        "neutron:provnet-network-type": only.network_type if only else "",
        "neutron:provnet-physical-network": only.physical_network if only else None,
        "neutron:revision_number": str(view.revision),
    }


def _other_config(view: NetworkView, deployment: DeploymentView) -> dict[str, str | None]:
    is_physical = len(view.segments) == 1 and view.segments[0].network_type in PHYSICAL
    floods_arps = deployment.broadcasts_arps_to_all_routers
    return {
        "broadcast-arps-to-all-routers": _flag(floods_arps) if view.is_external else None,
        "fdb_age_threshold": str(deployment.fdb_age_threshold_s) if is_physical else None,
        "mcast_flood_unregistered": _flag(deployment.igmp_snooping and deployment.igmp_flood_unregistered),
        "mcast_snoop": _flag(deployment.igmp_snooping),
        "vlan-passthru": _flag(view.passes_vlans),
    }


def _localnet(segment: SegmentView, deployment: DeploymentView) -> dict[str, Value]:
    tag: Value = frozenset()
    if segment.network_type == "vlan" and segment.segmentation_id is not None:
        tag = segment.segmentation_id
    physical_network = segment.physical_network or ""
    return {
        "addresses": frozenset({"unknown"}),
        "external_ids": Keys({"neutron:provnet-physical-network": physical_network}),
        "name": f"provnet-{segment.id}",
        "options": Keys(
            {
                "localnet_learn_fdb": _flag(deployment.localnet_learns_fdb),
                "mcast_flood": _flag(deployment.igmp_flood),
                "mcast_flood_reports": _flag(deployment.igmp_flood_reports),
                "network_name": physical_network,
            }
        ),
        "tag": tag,
        # northd writes `tag` from the request, so both are set to the same.
        "tag_request": tag,
        "type": "localnet",
    }


def _flag(is_set: bool) -> str:
    return "true" if is_set else "false"
