"""Address groups: prefixes that rules of security groups refer to as one. The unit of a group renders its two sets."""

from wovenet.model import problems
from wovenet.resources.address_group import actions, sharing
from wovenet.resources.address_group.table import ADDRESS_GROUPS, ADDRESSES
from wovenet.resources.base import Child, MemberAction, Resource

RESOURCE: Resource = Resource(
    collection="address_groups",
    member="address_group",
    table=ADDRESS_GROUPS,
    not_found=lambda group_id: problems.AddressGroupNotFound(address_group_id=group_id),
    expressions={"shared": sharing.is_shared},
    children=(
        Child(
            attribute="addresses",
            table=ADDRESSES,
            parent=ADDRESSES.c.address_group_id,
            columns=(ADDRESSES.c.address,),
            load=str,
            dump=lambda address: {"address": address},
            order_by=(ADDRESSES.c.address_group_id, ADDRESSES.c.address),
        ),
    ),
    scope=sharing.scope,
    unit="address_group",
    create=lambda tx, _, requests: actions.create(tx, RESOURCE, requests),
    update=lambda tx, _, current, changes: actions.update(tx, RESOURCE, current, changes),
    delete=lambda tx, _, current: actions.delete(tx, RESOURCE, current),
    member_actions=(
        MemberAction("add_addresses", lambda tx, _, current, body: actions.add_addresses(tx, RESOURCE, current, body)),
        MemberAction(
            "remove_addresses", lambda tx, _, current, body: actions.remove_addresses(tx, RESOURCE, current, body)
        ),
    ),
)
