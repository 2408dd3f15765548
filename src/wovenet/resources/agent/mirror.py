"""Agents as their hosts show them. Called by `resources.host`, which knows what a host is."""

from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.resources.agent.table import AGENTS
from wovenet.resources.host.facts import HostFacts
from wovenet.store.tx import Tx

CONTROLLER = "OVN Controller agent"
GATEWAY = "OVN Controller Gateway agent"
METADATA = "OVN Metadata agent"

_BINARIES = {METADATA: "neutron-ovn-metadata-agent"}
_CONTROLLER_BINARY = "ovn-controller"
_TOPIC = "n/a"

_A = AGENTS.c
_OF_CHASSIS = sa.select(AGENTS).where(_A.chassis == sa.bindparam("of_chassis"))
_EXISTS = sa.select(_A.id).where(_A.id == sa.bindparam("of_agent"))
_UPDATE = sa.update(AGENTS).where(_A.id == sa.bindparam("of_agent"))
_DELETE = sa.delete(AGENTS).where(_A.id == sa.bindparam("of_agent"))
_DELETE_OF_CHASSIS = sa.delete(AGENTS).where(_A.chassis == sa.bindparam("of_chassis"))
_OLDEST = sa.bindparam("oldest_s", type_=sa.Double)
_REVIEW = sa.update(AGENTS).where(_A.alive != (_A.heartbeat_s >= _OLDEST)).values(alive=_A.heartbeat_s >= _OLDEST)


def report(tx: Tx, facts: HostFacts) -> None:
    """The host has its controller agent, and all its agents say what `facts` say. A new agent is alive."""
    described = _described(facts)
    agent_type = GATEWAY if "enable-chassis-as-gw" in facts.cms_options else CONTROLLER
    known = {row.id: row for row in tx.rows(_OF_CHASSIS, {"of_chassis": facts.chassis})}
    if facts.chassis not in known:
        # Names of chassis are unique, ids of other agents are what they say: theirs is the one to give way.
        tx.run(_DELETE, {"of_agent": facts.chassis})
        _insert(tx, facts.chassis, agent_type, {"chassis": facts.chassis, **described})
    for agent_id, row in known.items():
        changes = {**described, "agent_type": agent_type if agent_id == facts.chassis else row.agent_type}
        _change(tx, row, changes)


def heard(tx: Tx, chassis: str, *, nb_cfg: int, metadata_agent_id: str | None, metadata_nb_cfg: int) -> None:
    """The host's agents have answered these liveness bumps. An answer that is new to us makes its agent alive.

    The time of a heartbeat is ours: the host's own clock may be wrong. Nothing happens if the host is not known, and
    no host takes the agent of another.
    """
    known = {row.id: row for row in tx.rows(_OF_CHASSIS, {"of_chassis": chassis})}
    controller = known.pop(chassis, None)
    if controller is None:
        return
    _heard(tx, controller, nb_cfg)
    metadata = known.pop(metadata_agent_id, None) if metadata_agent_id else None
    for row in known.values():
        tx.run(_DELETE, {"of_agent": row.id})  # it has another id now, or none
    if metadata is not None:
        _heard(tx, metadata, metadata_nb_cfg)
    elif metadata_agent_id and tx.row(_EXISTS, {"of_agent": metadata_agent_id}) is None:
        same = {name: controller._mapping[name] for name in ("chassis", "host", "availability_zone", "configurations")}
        _insert(tx, metadata_agent_id, METADATA, {**same, "nb_cfg": metadata_nb_cfg})


def gone(tx: Tx, chassis: str) -> None:
    """The host has no agents."""
    tx.run(_DELETE_OF_CHASSIS, {"of_chassis": chassis})


def review(tx: Tx, *, down_time_s: float) -> None:
    """Every agent is alive or not, by whether its heartbeat is younger than `down_time_s`. One statement."""
    tx.run(_REVIEW, {"oldest_s": tx.clock.wall() - down_time_s})


def _described(facts: HostFacts) -> dict[str, Any]:
    mappings = ",".join(f"{network}:{bridge}" for network, bridge in facts.bridge_mappings.items())
    configurations = {"chassis_name": facts.chassis, "bridge-mappings": mappings}
    return {
        "host": facts.hostname,
        "availability_zone": facts.cms_options.get("availability-zones", "")[:255],
        "configurations": msgspec.json.encode(configurations).decode(),
    }


def _insert(tx: Tx, agent_id: str, agent_type: str, values: dict[str, Any]) -> None:
    row = {
        "nb_cfg": 0,
        **values,
        "id": agent_id,
        "agent_type": agent_type,
        "binary": _BINARIES.get(agent_type, _CONTROLLER_BINARY),
        "topic": _TOPIC,
        "description": "",
        "admin_state_up": True,
        "alive": True,
        "heartbeat_s": tx.clock.wall(),
        "created_at": tx.now(),
    }
    tx.insert(AGENTS, [row])


def _heard(tx: Tx, known: "sa.Row[Any]", nb_cfg: int) -> None:
    # Not only a higher one: the counter starts again with a new database.
    if nb_cfg != known.nb_cfg:
        _change(tx, known, {"nb_cfg": nb_cfg, "heartbeat_s": tx.clock.wall(), "alive": True})


def _change(tx: Tx, known: "sa.Row[Any]", values: dict[str, Any]) -> None:
    changes = {name: value for name, value in values.items() if known._mapping[name] != value}
    if changes:
        tx.run(_UPDATE, {"of_agent": known.id, **changes})
