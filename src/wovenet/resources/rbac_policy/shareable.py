"""THE table of what can be granted: types of objects, the actions on them, and what depends on a grant."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import address_group, address_scope, network, security_group, subnetpool
from wovenet.resources.base import Object, Resource
from wovenet.resources.network import sharing as network_sharing
from wovenet.resources.rbac.table import EXTERNAL, SHARED
from wovenet.resources.rbac_policy import rules
from wovenet.resources.security_group import sharing as group_sharing
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.resources.subnet.table import SUBNETS
from wovenet.resources.subnetpool.table import SUBNETPOOLS
from wovenet.store.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shareable:
    """One type of objects that can be granted to other projects."""

    label: str
    """What texts call such an object."""
    resource: Resource
    actions: tuple[str, ...]
    users: "sa.CompoundSelect[Any] | sa.Select[Any]"
    """The projects that use the object `of_object` because they may."""
    details: Callable[[Object], str]
    """Why a grant that is needed cannot go."""
    is_free_to_widen: bool = True
    """Whether a grant that is needed can be changed into one to everyone."""
    is_needed: Callable[[ReadTx, Object, Collection[str]], str | None] | None = None
    """Why a grant of another action than SHARED cannot go, given the targets of the others of its kind; or None."""
    changed: Callable[[Tx, str], None] | None = None
    """What follows from a change of the grants on an object."""

    @property
    def object_type(self) -> str:
        return self.resource.member


def _external_is_needed(tx: ReadTx, entry: Object, others: Collection[str]) -> str | None:
    if others or not network_sharing.has_gateways(tx, entry["object_id"]):
        return None
    return "There are routers attached to this network that depend on this policy for access."


def _network_details(entry: Object) -> str:
    return f"Unable to reconfigure sharing settings for network {entry['object_id']}. Multiple projects are using it."


def _project_details(entry: Object) -> str:
    return f"project_id={entry['target_tenant']}"


_RULES_OF_ADDRESS_GROUP = (
    sa.select(SECURITY_GROUP_RULES.c.project_id)
    .where(SECURITY_GROUP_RULES.c.remote_address_group_id == sa.bindparam("of_object"))
    .distinct()
)
_POOLS_IN_SCOPE = (
    sa.select(SUBNETPOOLS.c.project_id).where(SUBNETPOOLS.c.address_scope_id == sa.bindparam("of_object")).distinct()
)
_SUBNETS_OF_POOL = (
    sa.select(SUBNETS.c.project_id).where(SUBNETS.c.subnetpool_id == sa.bindparam("of_object")).distinct()
)


TYPES: Final[Mapping[str, Shareable]] = MappingProxyType(
    {
        shareable.object_type: shareable
        for shareable in (
            Shareable(
                label="Network",
                resource=network.RESOURCE,
                actions=(SHARED, EXTERNAL),
                users=network_sharing.USERS,
                details=_network_details,
                is_free_to_widen=False,
                is_needed=_external_is_needed,
                changed=network_sharing.changed,
            ),
            Shareable(
                label="Security group",
                resource=security_group.RESOURCE,
                actions=(SHARED,),
                users=group_sharing.USERS,
                details=_project_details,
            ),
            Shareable(
                label="Address group",
                resource=address_group.RESOURCE,
                actions=(SHARED,),
                users=_RULES_OF_ADDRESS_GROUP,
                details=_project_details,
            ),
            Shareable(
                label="Address scope",
                resource=address_scope.RESOURCE,
                actions=(SHARED,),
                users=_POOLS_IN_SCOPE,
                details=_project_details,
            ),
            Shareable(
                label="Subnet pool",
                resource=subnetpool.RESOURCE,
                actions=(SHARED,),
                users=_SUBNETS_OF_POOL,
                details=_project_details,
            ),
        )
    }
)


def named(object_type: Any) -> Shareable:
    """The type called `object_type`. Raises: InvalidInput."""
    found = TYPES.get(object_type)
    if found is None:
        raise problems.InvalidInput(error_message=f"'{object_type}' is not a valid RBAC object type")
    return found


def reason_to_keep(tx: ReadTx, shareable: Shareable, entry: Object, others: Collection[str]) -> str | None:
    """Why the grant `entry` cannot go; None if it can. In: `others` are the targets of the others of its kind."""
    if entry["action"] != SHARED:
        return shareable.is_needed(tx, entry, others) if shareable.is_needed else None
    users = [row.project_id for row in tx.rows(shareable.users, {"of_object": entry["object_id"]})]
    owner = owner_of(tx, shareable, entry["object_id"])
    if rules.leaves_without_right(users, owner, target=entry["target_tenant"], others=others):
        return shareable.details(entry)
    return None


def owner_of(tx: ReadTx, shareable: Shareable, object_id: str) -> str:
    """The project of the object, whoever asks; "" if it is gone."""
    table = shareable.resource.table
    return str(tx.value(sa.select(table.c.project_id).where(table.c.id == object_id)) or "")
