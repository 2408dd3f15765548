"""What groups let through and stop stands in the log of the host (OV-057)."""

from tests.e2e.tenant import Tenant
from tests.running import until


def test_packets_that_pass_and_packets_that_do_not_are_logged(tenant: Tenant) -> None:
    network = tenant.network("10.95.0.0/24")
    group = tenant.group()
    log = tenant.make("log/logs", resource_type="security_group", resource_id=group)["id"]
    target, witness = tenant.port(network, security_groups=[group]), tenant.port(network)
    tenant.boot("target", target, "hv1")
    tenant.boot("witness", witness, "hv2")
    address = target["fixed_ips"][0]["ip_address"]
    tenant.await_ping("witness", address, passes=False)
    until(lambda: _is_logged(tenant, log, "drop"), "what is stopped is logged")
    tenant.rule(group, protocol="icmp")
    tenant.await_ping("witness", address)
    until(lambda: _is_logged(tenant, log, "allow"), "what passes is logged")


def _is_logged(tenant: Tenant, log_id: str, verdict: str) -> bool:
    text = (tenant.lab.hypervisor("hv1").directory / "log" / "ovn-controller.log").read_text()
    return any(f'name="neutron-{log_id}", verdict={verdict}' in line for line in text.splitlines())
