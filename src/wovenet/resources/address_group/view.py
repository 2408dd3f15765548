"""AddressGroupViews from the store."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model.views import AddressGroupView
from wovenet.resources.address_group.table import ADDRESS_GROUPS, ADDRESSES
from wovenet.store.tx import ReadTx

_GROUPS = sa.select(ADDRESS_GROUPS.c.id, ADDRESS_GROUPS.c.revision_number).where(
    ADDRESS_GROUPS.c.id.in_(sa.bindparam("ids", expanding=True))
)
_ADDRESSES = (
    sa.select(ADDRESSES.c.address_group_id, ADDRESSES.c.address)
    .where(ADDRESSES.c.address_group_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(ADDRESSES.c.address_group_id, ADDRESSES.c.address)
)


def views(tx: ReadTx, ids: Sequence[str]) -> dict[str, AddressGroupView]:
    """The address groups of `ids` that exist, with their addresses. Two statements."""
    addresses: dict[str, list[str]] = {}
    for row in tx.rows(_ADDRESSES, {"ids": ids}):
        addresses.setdefault(row.address_group_id, []).append(row.address)
    return {
        row.id: AddressGroupView(id=row.id, revision=row.revision_number, addresses=tuple(addresses.get(row.id, ())))
        for row in tx.rows(_GROUPS, {"ids": ids})
    }
