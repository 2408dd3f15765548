"""The status of a port is what OVN says, whatever happened meanwhile."""

import signal

from tests.e2e.tenant import Tenant
from tests.running import until

PING = {"protocol": "icmp"}


def test_a_port_that_moves_takes_its_traffic_along(tenant: Tenant) -> None:
    network = tenant.network("10.90.0.0/24")
    group = tenant.group(PING)
    mover, witness = (tenant.port(network, security_groups=[group]) for _ in range(2))
    tenant.boot("witness", witness, "hv1")
    address = mover["fixed_ips"][0]["ip_address"]
    for host in ("hv1", "hv2"):
        tenant.boot("mover", mover, host)
        tenant.await_status(mover, "ACTIVE")
        assert tenant.rest.show("ports", mover["id"])["binding:host_id"] == host
        tenant.await_ping("witness", address)
        tenant.shut("mover")
        tenant.await_status(mover, "DOWN")


def test_statuses_are_true_after_the_controller_was_away(tenant: Tenant) -> None:
    network = tenant.network("10.91.0.0/24")
    leaver, comer = tenant.port(network), tenant.port(network)
    tenant.boot("leaver", leaver, "hv1")
    tenant.await_status(leaver, "ACTIVE")
    tenant.rest.update("ports", comer["id"], {"binding:host_id": "hv2", "device_id": "x", "device_owner": "compute:x"})
    tenant.cloud.check()
    pid = tenant.cloud.kill("controller", signal.SIGSTOP)
    tenant.boot_as_it_is("comer", comer, "hv2")
    tenant.lab.remove("leaver")
    assert tenant.rest.show("ports", leaver["id"])["status"] == "ACTIVE", "nobody can know yet"
    tenant.cloud.hurt(pid)
    tenant.await_status(comer, "ACTIVE")
    tenant.await_status(leaver, "DOWN")


def test_statuses_are_true_after_northd_was_away(tenant: Tenant) -> None:
    network = tenant.network("10.92.0.0/24")
    leaver = tenant.port(network)
    tenant.boot("leaver", leaver, "hv1")
    tenant.await_status(leaver, "ACTIVE")
    tenant.cloud.kill("ovn-northd", signal.SIGSTOP)
    comer = tenant.port(network)
    tenant.lab.remove("leaver")
    until(lambda: tenant.rest.show("ports", comer["id"])["status"] == "DOWN", "nobody has bound it")
    tenant.cloud.kill_and_await("ovn-northd")
    tenant.boot("comer", comer, "hv2")
    tenant.await_status(comer, "ACTIVE")
    tenant.await_status(leaver, "DOWN")


def test_statuses_are_true_after_the_southbound_server_was_away(tenant: Tenant) -> None:
    network = tenant.network("10.93.0.0/24")
    port = tenant.port(network)
    tenant.boot("stays", port, "hv1")
    tenant.await_status(port, "ACTIVE")
    tenant.cloud.kill_and_await("ovsdb-server-sb")
    tenant.lab.remove("stays")
    tenant.await_status(port, "DOWN")
