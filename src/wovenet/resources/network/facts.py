"""What policies on ports and subnets ask about their network, as SQL beside each row: no query per network."""

from collections.abc import Mapping

import sqlalchemy as sa

from wovenet.resources.base import Expression
from wovenet.resources.network.table import NETWORKS
from wovenet.resources.rbac import access
from wovenet.resources.rbac.table import SHARED


def of(network_id: "sa.Column[str]") -> Mapping[str, Expression]:
    """Attributes that are never shown: `network:project_id` and `network:shared` of the network named by a column."""
    owner = sa.select(NETWORKS.c.project_id).where(NETWORKS.c.id == network_id).scalar_subquery()
    return {
        "network:project_id": lambda _: owner,
        "network:shared": lambda actor: access.is_granted(network_id, actor, SHARED),
    }
