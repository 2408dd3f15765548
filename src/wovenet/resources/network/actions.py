"""Networks are made with their segments, grants and metadata port, and go with all that only they hold together."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.drivers import ovn_segments, types
from wovenet.drivers.config import Config
from wovenet.drivers.types import Asked
from wovenet.model.problems import AvailabilityZoneNotFound, InvalidInput, LostRace
from wovenet.resources import crud, host
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.names import marks as names
from wovenet.resources.network import default_external, removal, rules, sharing
from wovenet.resources.port.table import PORTS
from wovenet.resources.rbac.table import EXTERNAL, SHARED
from wovenet.resources.security_group import default
from wovenet.resources.segment import extra, pools
from wovenet.resources.segment.config import config_of
from wovenet.resources.segment.table import NETWORK_SEGMENTS
from wovenet.resources.segment.values import Segment, segment_of
from wovenet.resources.subnet import touched
from wovenet.resources.subnet.table import SUBNETS
from wovenet.store.tx import Claimed, ReadTx, Tx

_IP_VERSIONS = sa.select(SUBNETS.c.ip_version).where(SUBNETS.c.network_id == sa.bindparam("of_network")).distinct()
_PORT_UNLIKE = (
    sa.select(PORTS.c.id)
    .where(
        PORTS.c.network_id == sa.bindparam("of_network"),
        PORTS.c.binding_vif_type.not_in(sa.bindparam("vif_types", expanding=True)),
    )
    .limit(1)
)
_S = NETWORK_SEGMENTS.c
_MOVE_SEGMENT = (
    sa.update(NETWORK_SEGMENTS)
    .where(_S.id == sa.bindparam("of_segment"), _S.claim == sa.bindparam("seen_claim"))
    .values(
        segmentation_id=sa.bindparam("new_id"),
        claim=sa.bindparam("new_claim"),
        revision_number=_S.revision_number + 1,
        updated_at=sa.bindparam("now"),
    )
)


def create(tx: Tx, resource: Resource, context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new networks. The default security groups of their projects and their metadata ports exist as well.

    Raises: InvalidInput, VlanIdInUse, TunnelIdInUse, FlatNetworkInUse, NoNetworkAvailable, AvailabilityZoneNotFound,
    DefaultExternalNetworkExists.
    """
    projects = {request["project_id"] for request in requests}
    config, extras = extra.known_to(tx, config_of(context.settings), projects)
    _check_zones(tx, requests)
    wants = [rules.wants(config, request) for request in requests]
    own = [
        extra.own(extras, request["project_id"])
        for request, of_network in zip(requests, wants, strict=True)
        for _ in of_network
    ]
    with extra.checked(tx, extras, projects):
        carriers = iter(pools.reserve(tx, config, [want for of_network in wants for want in of_network], own))
    networks = [
        _new(tx, resource, config, request=request, carriers=list(itertools.islice(carriers, len(of_network))))
        for request, of_network in zip(requests, wants, strict=True)
    ]
    try:
        crud.insert(tx, resource, networks)
    except Claimed as error:
        raise LostRace("another network claimed the segment at the same moment") from error
    for network in networks:
        if network["is_default"]:
            _make_default(tx, network)
    sharing.grant(tx, SHARED, [network for network in networks if network["shared"]])
    sharing.grant(tx, EXTERNAL, [network for network in networks if network["router:external"]])
    _complete(tx, context, networks)
    return networks


def _new(tx: Tx, resource: Resource, config: Config, *, request: Object, carriers: Sequence[Asked]) -> Object:
    mtu = rules.mtu(request.get("mtu") or 0, types.mtu_max(config, carriers))
    rules.check_vlans(request, carriers)
    for asked in carriers:
        ovn_segments.check(asked)
    network = crud.new_object(tx, resource, request)
    network["mtu"] = mtu
    network["carriers"] = [
        segment_of(tx.clock.new_id(), index, asked, created_at=network["created_at"])
        for index, asked in enumerate(carriers)
    ]
    network["shared"] = bool(request.get("shared"))
    if resource.derive is not None:
        resource.derive(network)
    network["is_default"] = bool(request.get("is_default"))
    return network


def _make_default(tx: Tx, network: Mapping[str, Any]) -> None:
    """As the peer: an internal network that is to be the default one is held against it, and is not made so."""
    if network["router:external"]:
        default_external.put(tx, network["id"], True)
    else:
        default_external.refuse_second(tx)


def _check_zones(tx: ReadTx, requests: Sequence[Object]) -> None:
    """Raises: AvailabilityZoneNotFound if a hint names a zone that no host is in; InvalidInput for too many hints."""
    hinted = {zone for request in requests for zone in request.get("availability_zone_hints") or ()}
    if not hinted:
        return
    for request in requests:
        rules.check_hints(request.get("availability_zone_hints") or ())
    unknown = sorted(hinted - host.zones(tx))
    if unknown:
        raise AvailabilityZoneNotFound(availability_zone=", ".join(unknown))


def _complete(tx: Tx, context: Context, networks: Sequence[Object]) -> None:
    """What every network comes with exists."""
    from wovenet.resources.port import metadata  # inside: the package makes its resource with the help of this one

    default.ensure(tx, context, {network["project_id"] for network in networks})
    if context.settings.ovn.ovn_metadata_enabled:
        metadata.create(tx, context, networks)


def update(tx: Tx, resource: Resource, context: Context, *, current: Object, changes: Object) -> Object:
    """The network after `changes`. Its revision moves only if an attribute of its own does.

    Raises: InvalidInput, VlanIdInUse, InvalidSharedSetting, ExternalNetworkInUse, NetworkMTUSubnetConflict,
    DefaultExternalNetworkExists.
    """
    config = config_of(context.settings)
    asked = rules.segmentation_change(config, current, changes)
    own = {name: value for name, value in changes.items() if name not in (*rules.PROVIDER, rules.SEGMENTS, "shared")}
    if "mtu" in own:
        own["mtu"] = _changed_mtu(tx, config, current, own["mtu"])
    own["is_default"] = rules.is_default(current, own)
    own = {name: value for name, value in own.items() if value != current[name]}
    if "router:external" in own:
        sharing.set_external(tx, current, own["router:external"])
    if bool(own.get("is_default")) != bool(current["is_default"]) and "is_default" in own:
        default_external.put(tx, current["id"], bool(own["is_default"]))
    if "shared" in changes and sharing.set_shared(tx, current, changes["shared"]):
        own["shared"] = sharing.is_shared_with(tx, context.actor, current["id"])
    if asked is not None:
        current = {**current, "carriers": [_move_segment(tx, config, current, asked)]}
        current.update(rules.shown(current["carriers"]))
        crud.mark(tx, resource, [current])
    if not own:
        return current
    if "mtu" in own:
        touched.by_mtu(tx, current["id"], current["subnets"])
    if "dns_domain" in own:
        names.mark(tx, current["id"])
    return crud.save(tx, resource, current, own)


def delete(tx: Tx, resource: Resource, context: Context, current: Object) -> None:
    """The network is gone with its subnets, its automatic ports and its grants; its segments can be had again.

    A constant number of statements. Raises: NetworkInUse; LostRace.
    """
    removal.remove(tx, resource, current)
    names.mark(tx, current["id"])
    segments: Sequence[Segment] = current["carriers"]
    pools.release(tx, config_of(context.settings), [segment.asked for segment in segments])


def _changed_mtu(tx: ReadTx, config: Config, current: Mapping[str, Any], requested: int) -> int:
    most = types.mtu_max(config, [segment.asked for segment in current["carriers"]])
    found = rules.mtu(requested, most)
    ip_versions = [row.ip_version for row in tx.rows(_IP_VERSIONS, {"of_network": current["id"]})]
    # As the peer: 0 asks for the default, and yet is held against the subnets.
    rules.check_mtu_for_subnets(current["id"], requested, ip_versions)
    return found


def _move_segment(tx: Tx, config: Config, current: Mapping[str, Any], asked: Asked) -> Segment:
    """The network's one segment, which is now `asked`; the id that it had can be chosen again."""
    allowed = ovn_segments.VIF_TYPES_ANY_ID
    if tx.row(_PORT_UNLIKE, {"of_network": current["id"], "vif_types": allowed}) is not None:
        raise InvalidInput(
            error_message=f"Provider network attribute {rules.ID} cannot be updated if any port in the network has "
            f"not the following binding:vif_type: {', '.join(allowed)}"
        )
    ovn_segments.check(asked)
    pools.reserve(tx, config, [(asked,)])
    before: Segment = current["carriers"][0]
    after = segment_of(before.id, before.segment_index, asked)
    parameters = {
        "of_segment": before.id,
        "seen_claim": before.claim,
        "new_id": after.segmentation_id,
        "new_claim": after.claim,
        "now": tx.now(),
    }
    try:
        met = tx.run(_MOVE_SEGMENT, parameters)
    except Claimed as error:
        raise LostRace(f"segment {after.claim}") from error
    if met != 1:
        raise LostRace(f"segment {before.claim} of network {current['id']} has changed")
    pools.release(tx, config, [before.asked])
    return after
