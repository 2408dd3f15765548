"""What passes between instances, and what does not."""

from tests.e2e.tenant import Tenant, moves
from tests.running import until
from wovenet.lab import probe

PING = {"protocol": "icmp"}
WEB = {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
ECHO = {"protocol": "tcp", "port_range_min": 7, "port_range_max": 7}


def _address(port: dict[str, object]) -> str:
    address: str = port["fixed_ips"][0]["ip_address"]  # type: ignore[index]
    return address


def test_instances_reach_each_other_on_one_host_and_across_hosts(tenant: Tenant) -> None:
    network = tenant.network("10.80.0.0/24")
    group = tenant.group(PING, WEB)
    ports = {name: tenant.port(network, security_groups=[group]) for name in ("a", "b", "c")}
    for name, host in (("a", "hv1"), ("b", "hv1"), ("c", "hv2")):
        tenant.boot(name, ports[name], host)
    for other in ("b", "c"):
        probe.serve(tenant.lab, other, 80, greeting=f"{other} is here")
        tenant.await_ping("a", _address(ports[other]))
        assert probe.connect(tenant.lab, "a", _address(ports[other]), 80) == ("connected", f"{other} is here")
        tenant.await_status(ports[other], "ACTIVE")
    full = ["ping", "-n", "-q", "-c1", "-w5", "-Mdo", f"-s{network['mtu'] - 28}", _address(ports["c"])]
    assert tenant.lab.run("a", full).returncode == 0


def test_a_rule_opens_and_its_removal_cuts_what_is_open(tenant: Tenant) -> None:
    network = tenant.network("10.81.0.0/24")
    group = tenant.group()
    client, server = (tenant.port(network, security_groups=[group]) for _ in range(2))
    tenant.boot("client", client, "hv1")
    tenant.boot("server", server, "hv2")
    tenant.echo("server")
    assert probe.connect(tenant.lab, "client", _address(server), 7, within_s=1) == ("silent", "")
    rule = tenant.rule(group, **ECHO)
    length = tenant.flow("client", _address(server))
    assert moves(length)
    tenant.rest.delete("security-group-rules", rule["id"])
    until(lambda: not moves(length), "the end of the flow")
    tenant.rule(group, **ECHO)
    until(lambda: moves(length), "the flow going on")


def test_members_of_a_remote_group_pass_and_others_do_not(tenant: Tenant) -> None:
    network = tenant.network("10.82.0.0/24")
    friends, nobody = tenant.group(), tenant.group()
    guarded = tenant.group({**PING, "remote_group_id": friends})
    server = tenant.port(network, security_groups=[guarded])
    friend = tenant.port(network, security_groups=[friends])
    stranger = tenant.port(network, security_groups=[nobody])
    for name, port, host in (("server", server, "hv1"), ("friend", friend, "hv2"), ("stranger", stranger, "hv2")):
        tenant.boot(name, port, host)
    tenant.await_ping("friend", _address(server))
    assert not probe.ping(tenant.lab, "stranger", _address(server), within_s=1)
    tenant.rest.update("ports", stranger["id"], {"security_groups": [nobody, friends]})
    tenant.await_ping("stranger", _address(server))
    tenant.rest.update("ports", friend["id"], {"security_groups": [nobody]})
    tenant.await_ping("friend", _address(server), passes=False)


def test_a_port_speaks_as_itself_and_as_its_allowed_pairs_only(tenant: Tenant) -> None:
    network = tenant.network("10.83.0.0/24")
    group = tenant.group(PING)
    speaker, hearer = (tenant.port(network, security_groups=[group]) for _ in range(2))
    instance, _ = tenant.boot("speaker", speaker, "hv1")
    tenant.boot("hearer", hearer, "hv2")
    to = _address(hearer)

    def speaks_as(address: str) -> bool:
        done = tenant.lab.run("speaker", ["ping", "-n", "-q", "-c1", "-i0.2", "-w1", "-I", address, to])
        return done.returncode == 0

    def become(mac: str) -> None:
        tenant.lab.run("speaker", ["ip", "link", "set", "eth0", "address", mac])

    assert tenant.lab.run("speaker", ["ip", "addr", "add", "10.83.0.200/24", "dev", "eth0"]).returncode == 0
    tenant.await_ping("speaker", to)
    assert not speaks_as("10.83.0.200")
    tenant.rest.update("ports", speaker["id"], {"allowed_address_pairs": [{"ip_address": "10.83.0.200"}]})
    until(lambda: speaks_as("10.83.0.200"), "an allowed pair passes")
    tenant.rest.update("ports", speaker["id"], {"allowed_address_pairs": []})
    until(lambda: not speaks_as("10.83.0.200"), "a pair that is not allowed any more is dropped")
    become("fa:16:3e:99:99:99")
    assert not probe.ping(tenant.lab, "speaker", to, within_s=1)
    become(instance.port.mac)
    tenant.await_ping("speaker", to)


def test_a_port_that_is_switched_off_is_silent(tenant: Tenant) -> None:
    network = tenant.network("10.84.0.0/24")
    group = tenant.group(PING)
    here, there = (tenant.port(network, security_groups=[group]) for _ in range(2))
    tenant.boot("here", here, "hv1")
    tenant.boot("there", there, "hv2")
    tenant.await_ping("here", _address(there))
    tenant.rest.update("ports", there["id"], {"admin_state_up": False})
    tenant.await_ping("here", _address(there), passes=False)
    tenant.rest.update("ports", there["id"], {"admin_state_up": True})
    tenant.await_ping("here", _address(there))


def test_a_flat_network_reaches_the_outside(tenant: Tenant) -> None:
    tenant.lab.give_outside_address("198.51.100.1/24")
    provider = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    network = tenant.network("198.51.100.0/24", **provider)
    group = tenant.group(PING, WEB)
    ports = {name: tenant.port(network, security_groups=[group]) for name in ("near", "far")}
    tenant.boot("near", ports["near"], "hv1")
    tenant.boot("far", ports["far"], "hv2")
    probe.serve(tenant.lab, "far", 80, greeting="from inside")
    tenant.await_ping("near", "198.51.100.1")
    tenant.await_ping("near", _address(ports["far"]))
    assert probe.connect(tenant.lab, "outside", _address(ports["far"]), 80) == ("connected", "from inside")
