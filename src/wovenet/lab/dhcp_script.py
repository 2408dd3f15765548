"""The program that dhclient runs in an instance: configures the interface and writes the lease.

Runs by itself (`python -IS dhcp_script.py`) and imports the standard library only. It never touches a file of the
machine: the lease goes to the directory named by WOVENET_INSTANCE.
Source: dhclient-script(8), RFC 3442.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address
from pathlib import Path

BOUND = frozenset({"BOUND", "RENEW", "REBIND", "REBOOT"})
GONE = frozenset({"EXPIRE", "FAIL", "RELEASE", "STOP"})


def classless_routes(text: str) -> list[dict[str, str | None]]:
    """The routes of option 121: its bytes in decimal, as dhclient passes them."""
    numbers = [int(word) for word in text.split()]
    routes: list[dict[str, str | None]] = []
    while numbers:
        length = numbers.pop(0)
        significant = (length + 7) // 8
        if length > 32 or len(numbers) < significant + 4:
            raise ValueError(f"option 121 is malformed: {text!r}")
        destination = IPv4Network((bytes([*numbers[:significant], *[0] * (4 - significant)]), length), strict=False)
        via = IPv4Address(bytes(numbers[significant : significant + 4]))
        del numbers[: significant + 4]
        routes.append({"destination": str(destination), "via": None if via.is_unspecified else str(via)})
    return routes


def lease(env: Mapping[str, str]) -> dict[str, object]:
    """What the server said, as `values.Lease` has it. Every value that came by the network is parsed, not passed on."""
    if "new_ip6_address" in env:
        return {
            "address": str(IPv6Address(env["new_ip6_address"])),
            "prefix_length": int(env.get("new_ip6_prefixlen", "128")),
            "routes": [],
            "dns": [str(IPv6Address(word)) for word in env.get("new_dhcp6_name_servers", "").split()],
            "mtu": None,
            "server": None,
            "domain": env.get("new_dhcp6_domain_search"),
        }
    own = IPv4Interface(f"{env['new_ip_address']}/{env['new_subnet_mask']}")
    if "new_rfc3442_classless_static_routes" in env:
        # A client that got these has to ignore the router option.
        routes = classless_routes(env["new_rfc3442_classless_static_routes"])
    else:
        routers = [str(IPv4Address(word)) for word in env.get("new_routers", "").split()]
        routes = [{"destination": "0.0.0.0/0", "via": router} for router in routers[:1]]
    return {
        "address": str(own.ip),
        "prefix_length": own.network.prefixlen,
        "routes": routes,
        "dns": [str(IPv4Address(word)) for word in env.get("new_domain_name_servers", "").split()],
        "mtu": int(env["new_interface_mtu"]) if "new_interface_mtu" in env else None,
        "server": env.get("new_dhcp_server_identifier"),
        "domain": env.get("new_domain_name"),
    }


def configuration(interface: str, given: Mapping[str, object]) -> list[str]:
    """The lines for `ip -batch` that make the interface follow the lease."""
    lines = [f"link set dev {interface} mtu {given['mtu']}"] if given["mtu"] else []
    lines.append(f"addr replace {given['address']}/{given['prefix_length']} dev {interface}")
    routes = given["routes"]
    if isinstance(routes, list):
        for route in routes:
            via = f"via {route['via']} " if route["via"] else ""
            lines.append(f"route replace {route['destination']} {via}dev {interface}")
    return lines


def main(env: Mapping[str, str]) -> int:
    """Does what dhclient asks for by `reason`."""
    reason, interface = env["reason"], env["interface"]
    version = 6 if reason.endswith("6") else 4
    lease_file = Path(env["WOVENET_INSTANCE"]) / f"lease{version}.json"
    kind = reason.removesuffix("6")
    old = env.get("old_ip6_address" if version == 6 else "old_ip_address")
    if kind in BOUND:
        given = lease(env)
        if old and old != given["address"]:
            forget(interface, old)
        batch = "\n".join(configuration(interface, given)) + "\n"
        subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
        fresh = lease_file.with_suffix(".new")
        fresh.write_text(json.dumps(given, indent=1) + "\n")
        fresh.replace(lease_file)
    elif kind in GONE:
        if old:
            forget(interface, old)
        lease_file.unlink(missing_ok=True)
    return 0


def forget(interface: str, address: str) -> None:
    """The interface does not have `address`. That it is gone already is fine."""
    shown = subprocess.run(["ip", "-j", "addr", "show", "dev", interface], capture_output=True, check=True).stdout
    for own in json.loads(shown)[0]["addr_info"]:
        if own["local"] == address:
            subprocess.run(["ip", "addr", "del", f"{address}/{own['prefixlen']}", "dev", interface], check=False)


if __name__ == "__main__":
    sys.exit(main(os.environ))
