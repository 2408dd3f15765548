"""An address group's rows: an Address_Set for each IP version, which rules refer to by name. Pure."""

from collections.abc import Iterable

from wovenet.model.ids import RowUuid, Unit
from wovenet.model.views import AddressGroupView
from wovenet.ovn import match
from wovenet.ovn.rows import Desired, Keys, Row, row_uuid

VERSIONS = (4, 6)


def set_uuid(group_id: str, version: int) -> RowUuid:
    """The `_uuid` of a group's Address_Set."""
    return row_uuid("Address_Set", Unit("address_group", group_id), f"ip{version}")


def render(view: AddressGroupView) -> Desired:
    """Both sets, also if they are empty: a rule that refers to a missing set would be an error in OVN."""
    return Desired(tuple(_set(view, version) for version in VERSIONS))


def _set(view: AddressGroupView, version: int) -> Row:
    return Row(
        "Address_Set",
        set_uuid(view.id, version),
        {
            "addresses": frozenset(_of(version, view.addresses)),
            "external_ids": Keys({"neutron:address_group_id": view.id, "neutron:revision_number": str(view.revision)}),
            "name": match.address_set_name(match.address_group_name(view.id), version),
        },
    )


def _of(version: int, addresses: Iterable[str]) -> Iterable[str]:
    return (address for address in addresses if (":" in address) == (version == 6))
