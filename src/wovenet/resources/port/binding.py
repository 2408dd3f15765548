"""Binding of ports to hosts: facts from the store, the decision from the drivers, in the same transaction."""

from collections.abc import Sequence
from typing import Any

from wovenet.drivers import binding, ovn
from wovenet.resources import host
from wovenet.resources.port import facts
from wovenet.settings.networking import Ovn
from wovenet.store.tx import ReadTx

Object = dict[str, Any]


def drivers(settings: Ovn) -> tuple[binding.Driver, ...]:
    """The drivers of a deployment, in the order in which they are asked."""
    return (ovn.Ovn(vhostuser_directory=settings.vhost_sock_dir, creates_tap=settings.ovs_create_tap),)


def bind(tx: ReadTx, ports: Sequence[Object], settings: Ovn) -> None:
    """Every port with a host is bound to it or has a failed binding; every other one is unbound.

    So is one whose network nothing carries: it has been taken its segments, and gets others perhaps.
    Changes `binding:vif_type` and `binding:vif_details` in place. Two statements if any has a host.
    """
    placed = [port for port in ports if port["binding:host_id"]]
    hosts = host.by_name(tx, [port["binding:host_id"] for port in placed])
    segments = facts.segments(tx, {port["network_id"] for port in placed}) if placed else {}
    asked = drivers(settings)
    for port in ports:
        found = binding.Binding(binding.UNBOUND)
        if port["binding:host_id"] and segments[port["network_id"]]:
            found = binding.bind(
                asked,
                binding.Port(id=port["id"], vnic_type=port["binding:vnic_type"], profile=port["binding:profile"]),
                hosts.get(port["binding:host_id"]),
                segments[port["network_id"]],
            ).binding
        port["binding:vif_type"] = found.vif_type
        port["binding:vif_details"] = dict(found.vif_details)
