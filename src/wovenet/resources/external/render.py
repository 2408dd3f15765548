"""The rows of a group of chassis. Pure."""

from wovenet.model.ids import NETWORK_HA, RowUuid, Unit
from wovenet.model.views import ChassisGroupView
from wovenet.ovn.rows import Desired, Ref, Row, Value, row_uuid

HIGHEST_PRIORITY = 32767


def group_uuid(unit: Unit) -> RowUuid:
    """The `_uuid` of a unit's HA_Chassis_Group."""
    return row_uuid("HA_Chassis_Group", unit)


def network_group_uuid(network_id: str) -> RowUuid:
    """The `_uuid` of the group that serves the external ports of a network."""
    return group_uuid(Unit(NETWORK_HA, network_id))


def rows(unit: Unit, name: str, view: ChassisGroupView) -> tuple[Row, ...]:
    """The group called `name`, with its chassis; the first has the highest priority."""
    members = tuple(
        Row(
            "HA_Chassis",
            row_uuid("HA_Chassis", unit, chassis),
            {"chassis_name": chassis, "priority": HIGHEST_PRIORITY - number},
        )
        for number, chassis in enumerate(view.chassis)
    )
    ids = {
        "neutron:availability_zone_hints": ",".join(view.zones),
        "neutron:network_id": view.network_id,
    }
    columns: dict[str, Value] = {
        "external_ids": ids,
        "ha_chassis": frozenset(Ref(one.uuid) for one in members),
        "name": name,
    }
    return (Row("HA_Chassis_Group", group_uuid(unit), columns), *members)


def render(view: ChassisGroupView) -> Desired:
    """The group of a network. There are no references to miss."""
    return Desired(rows(Unit(NETWORK_HA, view.network_id), f"neutron-{view.network_id}", view))
