"""Hosts: what the controller saw of them, kept for those who have no connection to OVN."""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.drivers import binding
from wovenet.resources.agent import mirror
from wovenet.resources.agent.table import AGENTS
from wovenet.resources.host.facts import ZONES, HostFacts, is_name
from wovenet.resources.host.table import HOSTS
from wovenet.store.tx import ReadTx, Tx

_H = HOSTS.c
_BY_CHASSIS = sa.select(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))
_BY_NAME = (
    sa.select(_H.hostname, AGENTS.c.alive, _H.bridge_mappings, _H.other_config)
    .join(AGENTS, AGENTS.c.id == _H.chassis)
    .where(_H.hostname.in_(sa.bindparam("names", expanding=True)))
    .order_by(AGENTS.c.heartbeat_s)
)
_OPTIONS = sa.select(_H.cms_options).distinct()
_UPDATE = sa.update(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))
_DELETE = sa.delete(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))


def report(tx: Tx, facts: HostFacts) -> bool:
    """The host and its agents are known as `facts` say. Out: whether the host is new or another than before.

    Two statements if nothing has changed.
    """
    row: dict[str, Any] = {"chassis": facts.chassis, "hostname": facts.hostname}
    for field in ("bridge_mappings", "cms_options", "encaps", "other_config"):
        row[field] = msgspec.json.encode(getattr(facts, field), order="sorted").decode()
    known = tx.row(_BY_CHASSIS, {"of_chassis": facts.chassis})
    is_new = False
    if known is None:
        tx.insert(HOSTS, [{**row, "created_at": tx.now()}])
        is_new = True
    elif changes := {name: value for name, value in row.items() if known._mapping[name] != value}:
        tx.run(_UPDATE, {"of_chassis": facts.chassis, **changes})
        is_new = True
    mirror.report(tx, facts)
    return is_new


def heard(
    tx: Tx,
    chassis: str,
    *,
    nb_cfg: int,
    metadata_agent_id: str | None = None,
    metadata_nb_cfg: int = 0,
) -> None:
    """The host's agents have answered these liveness bumps. One statement if nothing is new."""
    is_usable = metadata_agent_id is not None and is_name(metadata_agent_id)
    mirror.heard(
        tx,
        chassis,
        nb_cfg=nb_cfg,
        metadata_agent_id=metadata_agent_id if is_usable else None,
        metadata_nb_cfg=metadata_nb_cfg,
    )


def gone(tx: Tx, chassis: str) -> bool:
    """Neither the host nor its agents are known. Out: whether it was."""
    was_known = bool(tx.run(_DELETE, {"of_chassis": chassis}))
    mirror.gone(tx, chassis)
    return was_known


def keep_only(tx: Tx, chassis: Iterable[str]) -> bool:
    """No other hosts than these are known: for a controller that has just connected and sees them all.

    Out: whether any is not known any more.
    """
    seen = set(chassis)
    left = [row.chassis for row in tx.rows(sa.select(_H.chassis).order_by(_H.chassis)) if row.chassis not in seen]
    for name in left:
        gone(tx, name)
    return bool(left)


def review(tx: Tx, *, down_time_s: float) -> None:
    """Every agent is alive or not, by whether its heartbeat is younger than `down_time_s`. One statement.

    Call it when the hosts had time to answer a liveness bump.
    """
    mirror.review(tx, down_time_s=down_time_s)


def by_name(tx: ReadTx, names: Iterable[str]) -> dict[str, binding.Host]:
    """The hosts with these names, as drivers see them; unknown ones are missing. One statement.

    If two chassis give the same name (one is a leftover of the other), the one that was heard of last counts.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    return {row.hostname: _host(row) for row in tx.rows(_BY_NAME, {"names": wanted})}


def zones(tx: ReadTx) -> set[str]:
    """The availability zones that hosts say they are in. One statement."""
    found = (msgspec.json.decode(row.cms_options) for row in tx.rows(_OPTIONS))
    return {zone for options in found for zone in options.get(ZONES, "").split(":") if zone}


def _host(row: "sa.Row[Any]") -> binding.Host:
    config = msgspec.json.decode(row.other_config)
    return binding.Host(
        name=row.hostname,
        is_alive=row.alive,
        bridge_mappings=msgspec.json.decode(row.bridge_mappings),
        datapath_type=config.get("datapath-type", ""),
        iface_types=frozenset(config.get("iface-types", "").split(",")),
    )
