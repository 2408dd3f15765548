"""Binding of ports to hosts: facts from the store, the decision from the drivers, in the same transaction."""

from collections.abc import Sequence
from typing import Any, Final

from wovenet.drivers import binding, ovn
from wovenet.resources import host
from wovenet.resources.port import facts
from wovenet.store.tx import ReadTx

Object = dict[str, Any]

DRIVERS: Final[tuple[binding.Driver, ...]] = (ovn.Ovn(),)
"""In the order in which they are asked."""


def bind(tx: ReadTx, ports: Sequence[Object]) -> None:
    """Every port with a host is bound to it or has a failed binding; every other one is unbound.

    So is one whose network nothing carries: it has been taken its segments, and gets others perhaps.
    Changes `binding:vif_type` and `binding:vif_details` in place. Two statements if any has a host.
    """
    placed = [port for port in ports if port["binding:host_id"]]
    hosts = host.by_name(tx, [port["binding:host_id"] for port in placed])
    segments = facts.segments(tx, {port["network_id"] for port in placed}) if placed else {}
    for port in ports:
        found = binding.Binding(binding.UNBOUND)
        if port["binding:host_id"] and segments[port["network_id"]]:
            found = binding.bind(
                DRIVERS,
                binding.Port(id=port["id"], vnic_type=port["binding:vnic_type"], profile=port["binding:profile"]),
                hosts.get(port["binding:host_id"]),
                segments[port["network_id"]],
            ).binding
        port["binding:vif_type"] = found.vif_type
        port["binding:vif_details"] = dict(found.vif_details)
