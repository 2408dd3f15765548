"""Agents of hosts. They come with their hosts; clients may describe them, and remove those that are no more."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.ids import Unit
from wovenet.resources.agent import mirror
from wovenet.resources.agent.table import AGENTS
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.host.table import HOSTS
from wovenet.store.tx import SOUTHBOUND, Tx

_A = AGENTS.c
_SAVE = sa.update(AGENTS).where(_A.id == sa.bindparam("of_agent")).values(description=sa.bindparam("new_description"))
_DELETE = sa.delete(AGENTS).where(_A.id == sa.bindparam("of_agent"))
_DELETE_HOST = sa.delete(HOSTS).where(HOSTS.c.chassis == sa.bindparam("of_chassis"))
_OTHERS_ARE_DEAD = sa.update(AGENTS).where(_A.chassis == sa.bindparam("of_chassis")).values(alive=False)


def _by_alive(values: Sequence[Any]) -> "sa.ColumnElement[bool]":
    """Agents that are alive, or those that are not. Its definition does not say that it is a truth value."""
    wanted = {str(value).strip().lower() for value in values}
    unknown = sorted(wanted - {"true", "false", "1", "0"})
    if unknown:
        raise problems.InvalidInput(error_message=f"'{unknown[0]}' cannot be converted to boolean")
    return _A.alive.in_([value in ("true", "1") for value in sorted(wanted)])


def _derive(agent: Object) -> None:
    heartbeat = datetime.fromtimestamp(agent["heartbeat_s"], UTC)
    agent["heartbeat_timestamp"] = heartbeat.strftime("%Y-%m-%d %H:%M:%S")


def _update(tx: Tx, _context: Context, current: Object, changes: Object) -> Object:
    """The agent with another description. Raises: BadRequest for an attempt to disable it."""
    if not changes.get("admin_state_up", True):
        raise problems.BadRequest(resource="agent", msg="OVN agent status cannot be updated")
    description = changes.get("description", current["description"]) or ""
    if description != current["description"]:
        tx.run(_SAVE, {"of_agent": current["id"], "new_description": description})
    return {**current, "description": description}


def _delete(tx: Tx, _context: Context, current: Object) -> None:
    """The agent is gone; with ovn-controller its host, on which nothing can be bound any more.

    What the Southbound database has of the host goes as well. A host that still lives comes back.
    """
    tx.run(_DELETE, {"of_agent": current["id"]})
    if current["agent_type"] != mirror.METADATA:
        tx.run(_DELETE_HOST, {"of_chassis": current["id"]})
        tx.run(_OTHERS_ARE_DEAD, {"of_chassis": current["id"]})
        tx.mark(Unit("host", current["id"]), SOUTHBOUND)


RESOURCE = Resource(
    collection="agents",
    member="agent",
    table=AGENTS,
    not_found=lambda agent_id: problems.AgentNotFound(id=agent_id),
    columns={"started_at": _A.created_at},
    json=frozenset({"configurations"}),
    derived={"heartbeat_timestamp": ("heartbeat_s",)},
    derive=_derive,
    filters={"alive": _by_alive},
    scope=lambda _actor: None,
    update=_update,
    delete=_delete,
)
"""Nobody but an administrator has a policy that shows agents, so there is no scope besides."""
