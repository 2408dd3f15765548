"""External ports: devices that pass their host's switch by (SR-IOV, bare metal), so that another chassis serves them.

Which chassis answer DHCP and the like for such a port is a group in OVN: one for each network, or one for each port
where hosts are set aside for this. The unit of a network's group is `network_ha`, that of a port's the port.
"""
