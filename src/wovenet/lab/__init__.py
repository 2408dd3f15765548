"""Hypervisors and instances on one machine, with real packets: network namespaces and OVS's userspace datapath.

The lab takes plain values and knows nothing of the API or the store; `commands` and `demo` are clients of both.
"""
