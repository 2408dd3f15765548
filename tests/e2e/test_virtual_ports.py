"""An address that two instances share goes to the one that announces it (OV-034, OV-042)."""

from tests.e2e.tenant import Tenant
from tests.running import until
from wovenet.lab import probe

PING = {"protocol": "icmp"}
# A gratuitous ARP request for argv[2] from the interface argv[1], as a cluster's new master sends it.
_ANNOUNCE = """
import socket, sys
device, address = sys.argv[1], socket.inet_aton(sys.argv[2])
with open(f"/sys/class/net/{device}/address") as file:
    mac = bytes.fromhex(file.read().strip().replace(":", ""))
head = b"\\xff" * 6 + mac + b"\\x08\\x06"
body = b"\\x00\\x01\\x08\\x00\\x06\\x04\\x00\\x01" + mac + address + b"\\x00" * 6 + address
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
    raw.bind((device, 0))
    raw.send(head + body)
"""


def test_a_shared_address_moves_to_who_announces_it(tenant: Tenant) -> None:
    network = tenant.network("10.94.0.0/24")
    group = tenant.group(PING)
    virtual = tenant.port(network, fixed_ips=[{"ip_address": "10.94.0.100"}], security_groups=[group])
    pair = [{"ip_address": "10.94.0.100"}]
    masters = {
        host: tenant.port(network, allowed_address_pairs=pair, security_groups=[group]) for host in ("hv1", "hv2")
    }
    witness = tenant.port(network, security_groups=[group])
    for host, port in masters.items():
        tenant.boot(f"master-{host}", port, host)
    tenant.boot("witness", witness, "hv1")
    for host in ("hv1", "hv2", "hv1"):
        _take(tenant, f"master-{host}", "10.94.0.100")
        until(lambda host=host: _parent(tenant, virtual["id"]) == host, f"the address is on {host}")  # type: ignore[misc]
        tenant.await_ping("witness", "10.94.0.100")
        _leave(tenant, f"master-{host}", "10.94.0.100")
    assert tenant.rest.show("ports", virtual["id"])["binding:host_id"] == ""


def _parent(tenant: Tenant, port_id: str) -> str | None:
    details: dict[str, str] = tenant.rest.show("ports", port_id)["binding:vif_details"]
    return details.get("parent_hostname")


def _take(tenant: Tenant, name: str, address: str) -> None:
    device = _device(tenant, name)
    tenant.lab.run(name, ["ip", "address", "add", f"{address}/24", "dev", device])
    done = tenant.lab.run(name, [*probe.PYTHON, _ANNOUNCE, device, address])
    assert done.returncode == 0, done.stderr


def _leave(tenant: Tenant, name: str, address: str) -> None:
    tenant.lab.run(name, ["ip", "address", "del", f"{address}/24", "dev", _device(tenant, name)])


def _device(tenant: Tenant, name: str) -> str:
    lines = tenant.lab.run(name, ["ip", "-o", "-4", "route", "show", "scope", "link"]).stdout.split()
    return lines[lines.index("dev") + 1]
