"""The default external network: one at most, which whoever needs an external network and names none is given."""

from typing import Final

import sqlalchemy as sa

from wovenet.model.problems import DefaultExternalNetworkExists, LostRace
from wovenet.resources.network.table import NETWORKS
from wovenet.store.tx import Claimed, ReadTx, Tx

_N = NETWORKS.c
CLAIMED: Final = 1
"""What the one network has as its claim."""
_DEFAULT = sa.select(_N.id).where(_N.default_claim == CLAIMED)
_CLAIM = sa.update(NETWORKS).where(_N.id == sa.bindparam("of_network")).values(default_claim=sa.bindparam("new_claim"))


def find(tx: ReadTx) -> str | None:
    """The id of the default external network, or None."""
    found = tx.value(_DEFAULT)
    return None if found is None else str(found)


def refuse_second(tx: ReadTx) -> None:
    """Raises: DefaultExternalNetworkExists if there is one."""
    found = find(tx)
    if found is not None:
        raise DefaultExternalNetworkExists(net_id=found)


def put(tx: Tx, network_id: str, is_default: bool) -> None:
    """The network is the default one, or is not. Raises: DefaultExternalNetworkExists; LostRace."""
    if is_default:
        refuse_second(tx)
    try:
        tx.run(_CLAIM, {"of_network": network_id, "new_claim": CLAIMED if is_default else None})
    except Claimed as error:
        raise LostRace("another network became the default at the same moment") from error
