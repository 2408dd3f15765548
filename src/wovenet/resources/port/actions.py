"""Ports are made, changed and removed. Every function here is one transaction's work and can be run again."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.model.ids import Unit
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.external import marks as external
from wovenet.resources.ipam import claims
from wovenet.resources.ipam import rules as ipam
from wovenet.resources.log import marks as log_marks
from wovenet.resources.names import marks as names
from wovenet.resources.port import binding, dns, events, facts, routed, rules, virtual
from wovenet.resources.port.table import PORT_ALLOWED_PAIRS, PORT_BINDINGS, PORT_FIXED_IPS, PORT_SECURITY_GROUPS, PORTS
from wovenet.resources.security_group import default
from wovenet.resources.subnet import touched
from wovenet.store.faults import Claimed
from wovenet.store.tx import Tx

_MAC_TRIES = 16
_DROP_PREPARED = sa.delete(PORT_BINDINGS).where(
    PORT_BINDINGS.c.port_id == sa.bindparam("of_port"),
    PORT_BINDINGS.c.host.in_(sa.bindparam("of_hosts", expanding=True)),
)
_OWN_TABLES = frozenset(table.name for table in (PORTS, PORT_FIXED_IPS, PORT_ALLOWED_PAIRS, PORT_SECURITY_GROUPS))


def create(tx: Tx, context: Context, requests: Sequence[Object], *, resource: Resource) -> list[Object]:
    """The new ports, with the addresses that they asked for or that there are; all of them or none.

    Raises: NetworkNotFound, SecurityGroupNotFound, MacAddressInUse, what `rules` and `ipam` say; LostRace.
    """
    for request in requests:
        rules.check_owner({"device_owner": "", **request}, op="create")
    networks = facts.networks(tx, context.actor, (request["network_id"] for request in requests))
    facts.check_groups(
        tx, context.actor, (group_id for request in requests for group_id in request.get("security_groups") or ())
    )
    ports = [
        _new_port(
            tx, context, {**request, "mac_address": mac_address}, networks[request["network_id"]], resource=resource
        )
        for request, mac_address in zip(requests, _macs(tx, context, requests), strict=True)
    ]
    _give_default_groups(tx, context, ports)
    for port in ports:
        rules.check_new_security(port)
        rules.check_profile(port["binding:profile"], port["binding:vnic_type"])
    facts.check_parents(tx, filter(None, (rules.parent_of(port["binding:profile"]) for port in ports)))
    _check_pairs(tx, ports)
    _give_addresses(tx, requests, ports)
    binding.bind(tx, ports, context.settings.ovn)
    try:
        crud.insert(tx, resource, ports)
    except Claimed as error:
        raise _lost(error) from error
    _mark_dependents(tx, ports)
    names.mark_of(tx, ports)
    virtual.mark_claimed(tx, [], ports)
    external.of_ports(tx, ports)
    return ports


def insert_plain(tx: Tx, context: Context, requests: Sequence[Object], *, resource: Resource) -> list[Object]:
    """New ports without addresses, groups or checks, of the service's own making. `requests` name what they need."""
    ports = [
        _new_port(
            tx,
            context,
            {**request, "mac_address": mac_address, "fixed_ips": []},
            facts.Network(request["network_id"], False),
            resource=resource,
        )
        for request, mac_address in zip(requests, _macs(tx, context, requests), strict=True)
    ]
    for port in ports:
        port["security_groups"] = []
    binding.bind(tx, ports, context.settings.ovn)
    try:
        crud.insert(tx, resource, ports)
    except Claimed as error:
        raise _lost(error) from error
    return ports


def update(tx: Tx, context: Context, current: Object, changes: Object, *, resource: Resource) -> Object:
    """The port after `changes`; the same port at the same revision if they change nothing.

    Raises: what `rules`, `ipam` and `facts` say; LostRace.
    """
    wanted = _normal(tx, context, current, changes)
    changed = {**current, **wanted}
    _check_update(tx, context, current, changed, wanted=wanted)
    subnets = _change_addresses(tx, current, changed, wanted)
    if rules.needs_binding(current, changed) or current["binding:host_id"] != changed["binding:host_id"]:
        binding.bind(tx, [changed], context.settings.ovn)
    changed["is_up"] = rules.is_up_after(current, changed)
    changed["status"] = rules.status(changed)
    differences = {name: value for name, value in changed.items() if current[name] != value}
    if not differences:
        return current
    if "binding:host_id" in differences and current["binding:host_id"]:
        # What was prepared for these hosts is the past. (For the only host so far, `bindings` looks away from it.)
        hosts = [current["binding:host_id"], changed["binding:host_id"]]
        tx.run(_DROP_PREPARED, {"of_port": current["id"], "of_hosts": hosts})
    try:
        saved = crud.save(tx, resource, current, differences)
    except Claimed as error:
        raise _lost(error) from error
    if "binding:vnic_type" in differences:
        external.of_ports(tx, [current, changed])
    if "allowed_address_pairs" in differences:
        virtual.mark_claimed(tx, [current], [changed])
    if "security_groups" in differences:
        log_marks.of_groups_of(tx, [current, changed])
    if "fixed_ips" in differences:
        released = [fixed_ip for fixed_ip in current["fixed_ips"] if fixed_ip not in changed["fixed_ips"]]
        claims.give_back(tx, subnets, released)
    if not differences.keys().isdisjoint({"fixed_ips", "device_owner", "device_id"}):
        _mark_dependents(tx, [current, changed])
    if not differences.keys().isdisjoint({"dns_name", "fixed_ips", "device_owner", "device_id"}):
        names.mark_of(tx, [current, changed])
    events.changed(tx, current, saved)
    return saved


def delete(tx: Tx, current: Object, *, resource: Resource) -> None:
    """The port is gone, and its addresses can be taken again.

    Raises: ServicePortInUse.
    """
    rules.check_deletable(current)
    remove(tx, [current], resource=resource)
    _mark_dependents(tx, [current])


def remove(tx: Tx, ports: Sequence[Object], *, resource: Resource) -> None:
    """The ports are gone, whatever they are for, and their addresses can be taken again."""
    fixed_ips = [fixed_ip for port in ports for fixed_ip in port["fixed_ips"]]
    subnets = claims.subnets(tx, (fixed_ip["subnet_id"] for fixed_ip in fixed_ips))
    log_marks.of_groups_of(tx, ports)
    virtual.mark_claimed(tx, ports, [])
    external.of_ports(tx, ports)
    crud.remove(tx, resource, ports)
    claims.give_back(tx, subnets, fixed_ips)
    names.mark_of(tx, ports)
    events.removed(tx, ports)


def mark_dependents_of_metadata(tx: Tx, subnet_ids: Collection[str]) -> None:
    """What shows the metadata port's address in these subnets is marked: their DHCP options, and those of ports."""
    for subnet_id in sorted(subnet_ids):
        tx.mark(Unit("subnet", subnet_id))
        touched.by_dhcp(tx, subnet_id)


def _mark_dependents(tx: Tx, ports: Sequence[Object]) -> None:
    """What shows an address of these ports is marked. In: the ports that have changed, as they were and as they are."""
    shown = [port for port in ports if port["device_owner"] == rules.DISTRIBUTED]
    mark_dependents_of_metadata(tx, {item["subnet_id"] for port in shown for item in port["fixed_ips"]})


# create


def _macs(tx: Tx, context: Context, requests: Sequence[Object]) -> list[str]:
    """The MAC of each new port: its own wish, or a random one that no port of its network has.

    One that was chosen for a single port is not looked up: it is taken with a chance of one in millions, and then the
    claim is refused and everything is done again. For many ports in a large network that would not end.
    Raises: MacAddressInUse; LostRace if hardly any MAC is left.
    """
    base = context.settings.default.base_mac
    found: list[tuple[str, str]] = [(request["network_id"], request.get("mac_address") or "") for request in requests]
    chosen = {key for key in found if key[1]}
    facts.check_macs(tx, [key for key in found if key[1]])
    missing = [position for position, key in enumerate(found) if not key[1]]
    for _ in range(_MAC_TRIES):
        for position in missing:
            key = found[position]
            while not key[1] or key in chosen:
                key = (key[0], rules.random_mac(base, tx.clock.randrange))
            chosen.add(key)
            found[position] = key
        taken = facts.macs_in_use(tx, [found[position] for position in missing]) if len(requests) > 1 else set()
        missing = [position for position in missing if found[position] in taken]
        if not missing:
            return [key[1] for key in found]
    raise problems.LostRace("no free MAC was found")


def _new_port(tx: Tx, context: Context, request: Object, network: facts.Network, *, resource: Resource) -> Object:
    """The port of a request, complete but for what has to be looked up: groups, addresses, binding."""
    port = crud.new_object(tx, resource, request)
    port |= {
        "port_security_enabled": rules.has_port_security(request, of_network=network.port_security_enabled),
        "security_groups": None if request.get("security_groups") is None else sorted(request["security_groups"]),
        "allowed_address_pairs": rules.pairs(
            request.get("allowed_address_pairs") or (),
            request["mac_address"],
            count_max=context.settings.default.max_allowed_address_pair,
        ),
        "extra_dhcp_opts": rules.dhcp_options(request.get("extra_dhcp_opts")),
        "ip_allocation": "none" if request.get("fixed_ips") == [] else "immediate",
        "fixed_ips": [],
        **rules.binding_request(request),
        **dns.requested(request, context.settings.default.dns_domain),
    }
    port["binding:profile"] = rules.completed_profile(
        port["binding:profile"], offload=port.get("hardware_offload_type"), trusted=port.get("trusted")
    )
    return port


def _give_default_groups(tx: Tx, context: Context, ports: Sequence[Object]) -> None:
    """Secured ports whose request says nothing of groups have their project's default group."""
    silent = [port for port in ports if port["security_groups"] is None]
    secured = [port for port in silent if port["port_security_enabled"]]
    groups = default.ensure(tx, context, {port["project_id"] for port in secured}) if secured else {}
    for port in silent:
        port["security_groups"] = [groups[port["project_id"]]] if port["port_security_enabled"] else []


def _check_pairs(tx: Tx, ports: Sequence[Object]) -> None:
    addresses: dict[str, set[str]] = {}
    for port in ports:
        if port["allowed_address_pairs"]:
            exact = rules.exact_addresses(port["allowed_address_pairs"])
            addresses.setdefault(port["network_id"], set()).update(exact)
    facts.check_pairs(tx, addresses)


def _give_addresses(tx: Tx, requests: Sequence[Object], ports: Sequence[Object]) -> None:
    subnets = claims.subnets_of(tx, {port["network_id"] for port in ports})
    reach = routed.connected(tx, ports, subnets)
    wants: list[list[ipam.Want]] = []
    for request, port in zip(requests, ports, strict=True):
        known = ipam.candidates(subnets[port["network_id"]], port["device_owner"])
        fixed_ips = request.get("fixed_ips")
        if fixed_ips is None and routed.is_routed(known) and not port["binding:host_id"]:
            port["ip_allocation"] = routed.DEFERRED
        if fixed_ips != []:
            known = routed.near(known, port, reach)
        _check_subnets(tx, port, fixed_ips, known)
        known = routed.of_one_segment(known, port, fixed_ips)
        wants.append(ipam.wants(known, fixed_ips, mac_address=port["mac_address"], device_owner=port["device_owner"]))
    for port, fixed_ips in zip(ports, claims.claim(tx, wants), strict=True):
        port["fixed_ips"] = fixed_ips


def _check_subnets(tx: Tx, port: Object, fixed_ips: Sequence[Object] | None, known: Sequence[ipam.Subnet]) -> None:
    named = rules.named_subnets(fixed_ips)
    if named:
        facts.check_named_subnets(tx, port["network_id"], named=named, known={subnet.id for subnet in known})


# update


def _normal(tx: Tx, context: Context, current: Object, changes: Object) -> Object:
    """`changes` as a port has them. A null MAC asks for another one."""
    settings = context.settings.default
    wanted = {**changes, **rules.binding_request(changes), **dns.requested(changes, settings.dns_domain)}
    if "mac_address" in wanted and wanted["mac_address"] is None:
        wanted["mac_address"] = rules.random_mac(settings.base_mac, tx.clock.randrange)
    if not wanted.keys().isdisjoint({"binding:profile", "trusted"}):
        trusted = wanted.get("trusted", current["trusted"])
        profile = wanted["binding:profile"] if "binding:profile" in wanted else current["binding:profile"]
        wanted["binding:profile"] = rules.completed_profile(profile, offload=None, trusted=trusted)
    if "security_groups" in wanted:
        wanted["security_groups"] = sorted(wanted["security_groups"] or ())
    if "extra_dhcp_opts" in wanted:
        wanted["extra_dhcp_opts"] = rules.changed_dhcp_options(current["extra_dhcp_opts"], wanted["extra_dhcp_opts"])
    if "allowed_address_pairs" in wanted:
        wanted["allowed_address_pairs"] = rules.pairs(
            wanted["allowed_address_pairs"] or (),
            str(wanted.get("mac_address", current["mac_address"])),
            count_max=settings.max_allowed_address_pair,
        )
    return wanted


def _check_update(tx: Tx, context: Context, current: Object, changed: Object, *, wanted: Object) -> None:
    rules.check_owner_change(current, changed["device_owner"])
    rules.check_mac_change(current, changed["mac_address"])
    if changed["mac_address"] != current["mac_address"]:
        facts.check_macs(tx, [(changed["network_id"], changed["mac_address"])])
    rules.check_vnic_change(current, changed["binding:vnic_type"])
    rules.check_changed_security(changed, wanted)
    facts.check_groups(tx, context.actor, set(changed["security_groups"]) - set(current["security_groups"]))
    if changed["allowed_address_pairs"] != current["allowed_address_pairs"]:
        _check_pairs(tx, [changed])
    if changed["binding:profile"] != current["binding:profile"]:
        rules.check_profile(changed["binding:profile"], changed["binding:vnic_type"])
        parent = rules.parent_of(changed["binding:profile"])
        facts.check_parents(tx, [parent] if parent else [])


def _change_addresses(tx: Tx, current: Object, changed: Object, wanted: Object) -> dict[str, Any]:
    """Claims what `changed` is to have and `current` has not. Out: the network's subnets, by id, if any was read."""
    if "fixed_ips" not in wanted and changed["mac_address"] == current["mac_address"]:
        return _follow_host(tx, current, changed)
    asked = wanted.get("fixed_ips")
    subnets = claims.subnets_of(tx, [current["network_id"]])[current["network_id"]]
    known = ipam.candidates(subnets, current["device_owner"])
    # Where the port is already, it may stay, whoever the subnet is for by now.
    present = {item["subnet_id"] for item in current["fixed_ips"]} - {subnet.id for subnet in known}
    known += [subnet for subnet in subnets if subnet.id in present]
    if asked:
        known = routed.near(known, changed, routed.connected(tx, [changed], {current["network_id"]: known}))
    _check_subnets(tx, current, asked, known)
    if asked is not None:
        known = routed.of_one_segment(known, changed, asked)
    owned = {**current, "device_owner": changed["device_owner"]}
    wants = rules.wants_of_changed(known, owned, asked, mac_address=changed["mac_address"])
    changed["fixed_ips"] = claims.claim(tx, [wants], kept=current["fixed_ips"])[0]
    return {subnet.id: subnet for subnet in subnets}


def _follow_host(tx: Tx, current: Object, changed: Object) -> dict[str, Any]:
    """On a routed network: a port that waits for its host has addresses now; any other can take its own there.

    Out: as above. No statement on any other network.
    """
    if not current.get("network:is_routed", True):
        return {}
    is_deferred = current["ip_allocation"] == routed.DEFERRED and not current["fixed_ips"]
    if changed["binding:host_id"] in ("", current["binding:host_id"]) or not (is_deferred or current["fixed_ips"]):
        return {}
    subnets = claims.subnets_of(tx, [current["network_id"]])
    known = subnets[current["network_id"]]
    reach = routed.connected(tx, [changed], subnets)
    if not is_deferred:
        routed.check_moved(known, changed, reach)
        return {}
    known = routed.near(ipam.candidates(known, changed["device_owner"]), changed, reach)
    known = routed.of_one_segment(known, changed, None)
    wants = ipam.wants(known, None, mac_address=changed["mac_address"], device_owner=changed["device_owner"])
    changed["fixed_ips"] = claims.claim(tx, [wants])[0]
    return {subnet.id: subnet for subnet in known}


def _lost(error: Claimed) -> Exception:
    """What a refused claim means: somebody was faster with a MAC or an address, so that it has to be decided anew."""
    if error.table in _OWN_TABLES:
        return problems.LostRace(str(error))
    return error
