"""All bindings of a port: the active one, which is the port's own, and those that are prepared on further hosts, so
that an instance can move there. Whatever changes one of them moves the port's revision: two writers cannot pass.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from wovenet.drivers.binding import UNBOUND, UNPLUGGED
from wovenet.model import problems
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.port import actions, binding, events, rules
from wovenet.resources.port.table import PORT_BINDINGS
from wovenet.store.faults import Claimed
from wovenet.store.tx import ReadTx, Tx

ACTIVE: Final = "ACTIVE"
INACTIVE: Final = "INACTIVE"

_B = PORT_BINDINGS.c
_PREPARED = (
    sa.select(_B.host, _B.vnic_type, _B.vif_type, _B.vif_details, _B.profile)
    .where(_B.port_id == sa.bindparam("of_port"), _B.host != sa.bindparam("of_host"))
    .order_by(_B.host)
)
_OF_HOST = sa.and_(_B.port_id == sa.bindparam("of_port"), _B.host == sa.bindparam("of_host"))
_CHANGE = (
    sa.update(PORT_BINDINGS)
    .where(_OF_HOST)
    .values({name: sa.bindparam(f"new_{name}") for name in ("vnic_type", "vif_type", "vif_details", "profile")})
)
_DROP = sa.delete(PORT_BINDINGS).where(_OF_HOST)


def index(tx: ReadTx, port: Object) -> list[Object]:
    """The port's bindings, the active one first. Raises: BadRequest for a port of another kind."""
    _check_port(port)
    prepared = [
        {
            "host": row.host,
            "vif_type": row.vif_type,
            "vnic_type": row.vnic_type,
            "status": INACTIVE,
            "profile": msgspec.json.decode(row.profile),
            "vif_details": msgspec.json.decode(row.vif_details),
        }
        for row in tx.rows(_PREPARED, {"of_port": port["id"], "of_host": port["binding:host_id"]})
    ]
    return [_active(port), *prepared]


def create(tx: Tx, context: Context, port: Object, request: Object, *, resource: Resource) -> Object:
    """A binding that is prepared on another host.

    Raises: BadRequest, InvalidInput, PortBindingAlreadyExists, PortBindingError if the host cannot have the port.
    """
    host = rules.binding_request({"binding:host_id": request["host"]})["binding:host_id"]
    if not host:
        raise problems.InvalidInput(error_message="host is no host name")
    if any(found["host"] == host for found in index(tx, port)):
        raise problems.PortBindingAlreadyExists(port_id=port["id"], host=host)
    made = _bound(tx, context, port, host=host, request=request)
    crud.save(tx, resource, port, {})
    try:
        tx.insert(PORT_BINDINGS, [{"port_id": port["id"], "host": host, **_row(made)}])
    except Claimed as error:
        raise problems.LostRace(str(error)) from error
    return made


def update(tx: Tx, context: Context, port: Object, *, current: Object, changes: Object, resource: Resource) -> Object:
    """The binding, bound anew with `changes`. The host that it is for stays.

    Raises: HTTPBadRequest, InvalidInput, PortInUse, PortBindingError.
    """
    if changes.get("host", current["host"]) != current["host"]:
        raise problems.HTTPBadRequest(message="Cannot update read-only attribute host")
    if current["status"] == ACTIVE:
        wanted = {f"binding:{name}": changes[name] for name in ("vnic_type", "profile") if name in changes}
        changed = _active(actions.update(tx, context, port, wanted, resource=resource))
        _require_bound(port, changed)
        return changed
    changed = _bound(tx, context, port, host=current["host"], request={**current, **changes})
    crud.save(tx, resource, port, {})
    values = {f"new_{name}": value for name, value in _row(changed).items()}
    tx.run(_CHANGE, {"of_port": port["id"], "of_host": current["host"], **values})
    return changed


def delete(tx: Tx, context: Context, port: Object, current: Object, *, resource: Resource) -> None:
    """The binding is gone. Without its active one, the port is nowhere."""
    if current["status"] == ACTIVE:
        actions.update(tx, context, port, {"binding:host_id": ""}, resource=resource)
        return
    crud.save(tx, resource, port, {})
    tx.run(_DROP, {"of_port": port["id"], "of_host": current["host"]})


def activate(tx: Tx, port: Object, current: Object, *, resource: Resource) -> Object:
    """The binding is the port's active one; the one that was is kept, unbound. The port is DOWN until it is up there.

    Raises: PortBindingAlreadyActive.
    """
    host = current["host"]
    if current["status"] == ACTIVE:
        raise problems.PortBindingAlreadyActive(port_id=port["id"], host=host)
    before = _active(port)
    changes = {
        "binding:host_id": host,
        **{f"binding:{name}": current[name] for name in ("vnic_type", "vif_type", "vif_details", "profile")},
        "is_up": False,
        "status": rules.DOWN,
    }
    changed = crud.save(tx, resource, port, changes)
    events.status_changed(tx, changed, is_up=False, was_up=port["status"] == rules.ACTIVE)
    for each in (host, before["host"]):
        tx.run(_DROP, {"of_port": port["id"], "of_host": each})
    if before["host"]:
        unbound = {**before, "vif_type": UNBOUND, "vif_details": {}}
        tx.insert(PORT_BINDINGS, [{"port_id": port["id"], "host": before["host"], **_row(unbound)}])
    return _active(changed)


def _active(port: Object) -> Object:
    names = {"host": "host_id", **{name: name for name in ("vif_type", "vnic_type", "profile", "vif_details")}}
    return {"status": ACTIVE, **{name: port[f"binding:{attribute}"] for name, attribute in names.items()}}


def _bound(tx: ReadTx, context: Context, port: Object, *, host: str, request: Mapping[str, Any]) -> Object:
    """What comes of binding the port to `host` too. Raises: InvalidInput, PortBindingError."""
    asked = {name: request[name] for name in ("vnic_type", "profile") if name in request}
    values = rules.binding_request({f"binding:{name}": value for name, value in asked.items()})
    profile = values.get("binding:profile", {})
    rules.check_profile(profile, values["binding:vnic_type"])
    trial = {**port, **values, "binding:profile": profile, "binding:host_id": host}
    binding.bind(tx, [trial], context.settings.ovn)
    found = {**_active(trial), "status": INACTIVE}
    _require_bound(port, found)
    return found


def _require_bound(port: Object, found: Object) -> None:
    if found["vif_type"] in UNPLUGGED:
        raise problems.PortBindingError(port_id=port["id"], host=found["host"])


def _row(found: Object) -> dict[str, str]:
    return {
        "vnic_type": found["vnic_type"],
        "vif_type": found["vif_type"],
        "vif_details": msgspec.json.encode(found["vif_details"]).decode(),
        "profile": msgspec.json.encode(found["profile"]).decode(),
    }


def _check_port(port: Object) -> None:
    """Raises: BadRequest unless the port is one that moves between hosts."""
    if not port["device_owner"].startswith(("compute:", "manila:")):
        raise problems.BadRequest(
            resource="port",
            msg=f"Invalid port {port['id']}. Operation only valid on compute and shared filesystem ports",
        )
