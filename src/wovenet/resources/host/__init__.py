"""Hosts: what the controller saw of them, kept for those who have no connection to OVN."""

from collections.abc import Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from wovenet.drivers import binding
from wovenet.resources.host.facts import HostFacts, is_name
from wovenet.resources.host.table import HOSTS
from wovenet.store.tx import ReadTx, Tx

_H = HOSTS.c
_BY_CHASSIS = sa.select(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))
_BY_NAME = (
    sa.select(_H.hostname, _H.is_alive, _H.bridge_mappings, _H.other_config)
    .where(_H.hostname.in_(sa.bindparam("names", expanding=True)))
    .order_by(_H.heartbeat_s)
)
_UPDATE = sa.update(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))
_DELETE = sa.delete(HOSTS).where(_H.chassis == sa.bindparam("of_chassis"))
_OLDEST = sa.bindparam("oldest_s", type_=sa.Double)
_OUTDATED = sa.or_(
    _H.is_alive != (_H.heartbeat_s >= _OLDEST), _H.metadata_is_alive != (_H.metadata_heartbeat_s >= _OLDEST)
)
_REVIEW = (
    sa.update(HOSTS)
    .where(_OUTDATED)
    .values(is_alive=_H.heartbeat_s >= _OLDEST, metadata_is_alive=_H.metadata_heartbeat_s >= _OLDEST)
)


def report(tx: Tx, facts: HostFacts) -> None:
    """The host is known as `facts` say. A new one counts as alive. Two statements; one if nothing has changed."""
    row: dict[str, Any] = {"chassis": facts.chassis, "hostname": facts.hostname}
    for field in ("bridge_mappings", "cms_options", "encaps", "other_config"):
        row[field] = msgspec.json.encode(getattr(facts, field), order="sorted").decode()
    known = tx.row(_BY_CHASSIS, {"of_chassis": facts.chassis})
    if known is None:
        tx.insert(HOSTS, [{**row, **_new(tx)}])
    else:
        _change(tx, known, row)


def heard(
    tx: Tx,
    chassis: str,
    *,
    nb_cfg: int,
    metadata_agent_id: str | None = None,
    metadata_nb_cfg: int = 0,
) -> None:
    """The host's agents have answered these liveness bumps. An answer that is new to us makes its agent alive.

    The time of a heartbeat is ours: the host's own clock may be wrong. Nothing happens if the host is not known.
    Two statements; one if nothing is new.
    """
    known = tx.row(_BY_CHASSIS, {"of_chassis": chassis})
    if known is None:
        return
    is_usable = metadata_agent_id is not None and is_name(metadata_agent_id)
    row: dict[str, Any] = {"metadata_agent_id": metadata_agent_id if is_usable else None}
    if nb_cfg > known.nb_cfg:
        row |= {"nb_cfg": nb_cfg, "heartbeat_s": tx.clock.wall(), "is_alive": True}
    if metadata_nb_cfg > known.metadata_nb_cfg:
        row |= {
            "metadata_nb_cfg": metadata_nb_cfg,
            "metadata_heartbeat_s": tx.clock.wall(),
            "metadata_is_alive": True,
        }
    _change(tx, known, row)


def gone(tx: Tx, chassis: str) -> None:
    """The host is not known."""
    tx.run(_DELETE, {"of_chassis": chassis})


def keep_only(tx: Tx, chassis: Iterable[str]) -> None:
    """No other hosts than these are known: for a controller that has just connected and sees them all."""
    seen = set(chassis)
    for row in tx.rows(sa.select(_H.chassis).order_by(_H.chassis)):
        if row.chassis not in seen:
            gone(tx, row.chassis)


def review(tx: Tx, *, down_time_s: float) -> None:
    """Every agent is alive or not, by whether its heartbeat is younger than `down_time_s`. One statement.

    Call it when the hosts had time to answer a liveness bump.
    """
    tx.run(_REVIEW, {"oldest_s": tx.clock.wall() - down_time_s})


def by_name(tx: ReadTx, names: Iterable[str]) -> dict[str, binding.Host]:
    """The hosts with these names, as drivers see them; unknown ones are missing. One statement.

    If two chassis give the same name (one is a leftover of the other), the one that was heard of last counts.
    """
    wanted = sorted(set(names))
    if not wanted:
        return {}
    return {row.hostname: _host(row) for row in tx.rows(_BY_NAME, {"names": wanted})}


def _host(row: "sa.Row[Any]") -> binding.Host:
    config = msgspec.json.decode(row.other_config)
    return binding.Host(
        name=row.hostname,
        is_alive=row.is_alive,
        bridge_mappings=msgspec.json.decode(row.bridge_mappings),
        datapath_type=config.get("datapath-type", ""),
        iface_types=frozenset(config.get("iface-types", "").split(",")),
    )


def _new(tx: Tx) -> dict[str, Any]:
    """What a host has that was just seen for the first time."""
    now_s = tx.clock.wall()
    return {
        "nb_cfg": 0,
        "heartbeat_s": now_s,
        "is_alive": True,
        "description": "",
        "metadata_agent_id": None,
        "metadata_nb_cfg": 0,
        "metadata_heartbeat_s": now_s,
        "metadata_is_alive": True,
        "metadata_description": "",
        "created_at": tx.now(),
    }


def _change(tx: Tx, known: "sa.Row[Any]", row: dict[str, Any]) -> None:
    changes = {name: value for name, value in row.items() if known._mapping[name] != value}
    if changes:
        tx.run(_UPDATE, {"of_chassis": known.chassis, **changes})
