"""Networks, subnets, ports, addresses, bindings."""

from wovenet.model.problems.base import Problem

# networks, subnets, ports


class BadRequest(Problem):
    """Fields: resource, msg."""


class OVNPortUpdateError(BadRequest):
    """A change that would make another kind of port of it. Fields: resource, msg."""


class DefaultExternalNetworkExists(Problem):
    """Fields: net_id."""


class MalformedRequestBody(Problem):
    """Fields: reason."""


class NotAuthorized(Problem):
    """No fields."""


class AdminRequired(Problem):
    """Fields: reason."""


class TenantIdProjectIdFilterConflict(Problem):
    """No fields."""


class ServiceUnavailable(Problem):
    """No fields."""


class ResourceExhausted(Problem):
    """No fields."""


class PortNotFoundOnNetwork(Problem):
    """Fields: port_id, net_id."""


class NetworkInUse(Problem):
    """Fields: net_id, reason."""


class SubnetInUse(Problem):
    """Fields: subnet_id, reason."""


class PortInUse(Problem):
    """Fields: port_id, net_id, device_id."""


class ServicePortInUse(Problem):
    """Fields: port_id, reason."""


class PortBound(Problem):
    """Fields: port_id, vif_type, old_mac, new_mac."""


class UnsupportedPortDeviceOwner(Problem):
    """Fields: op, device_owner, port_id."""


class DeviceIDNotOwnedByTenant(Problem):
    """Fields: device_id."""


class InvalidSharedSetting(Problem):
    """Fields: network."""


class ExternalNetworkInUse(Problem):
    """Fields: net_id."""


class NetworkMTUSubnetConflict(Problem):
    """Fields: net_id, mtu."""


class MacAddressInUse(Problem):
    """Fields: net_id, mac."""


class HostMacAddressGenerationFailure(Problem):
    """Fields: host."""


class AvailabilityZoneNotFound(Problem):
    """Fields: availability_zone."""


# addresses


class IpAddressInUse(Problem):
    """Fields: net_id, ip_address."""


class IpAddressAlreadyAllocated(Problem):
    """Fields: ip, subnet_id."""


class IpAddressGenerationFailure(Problem):
    """Fields: net_id."""


class IpAddressGenerationFailureNoMatchingSubnet(Problem):
    """Fields: network_id, service_type."""


class ExternalIpAddressExhausted(Problem):
    """Fields: net_id."""


class IpamValueInvalid(Problem):
    """Fields: message."""


class InvalidIpForNetwork(Problem):
    """Fields: ip_address."""


class InvalidIpForSubnet(Problem):
    """Fields: ip_address."""


class SubnetMismatchForPort(Problem):
    """Fields: port_id, subnet_id."""


class AllocationOnAutoAddressSubnet(Problem):
    """Fields: ip, subnet_id."""


class GatewayConflictWithAllocationPools(Problem):
    """Fields: ip_address, pool."""


class GatewayIpInUse(Problem):
    """Fields: ip_address, port_id."""


class InvalidCIDR(Problem):
    """Fields: input."""


class InvalidAllocationPool(Problem):
    """Fields: pool."""


class OutOfBoundsAllocationPool(Problem):
    """Fields: pool, subnet_cidr."""


class OverlappingAllocationPools(Problem):
    """Fields: pool_1, pool_2, subnet_cidr."""


class DNSNameServersExhausted(Problem):
    """Fields: subnet_id, quota."""


class HostRoutesExhausted(Problem):
    """Fields: subnet_id, quota."""


class InvalidSubnetServiceType(Problem):
    """Fields: service_type."""


class InvalidInputSubnetServiceType(Problem):
    """Fields: service_type."""


# port bindings


class PortBindingNotFound(Problem):
    """Fields: port_id, host."""


class PortBindingAlreadyActive(Problem):
    """Fields: port_id, host."""


class PortBindingAlreadyExists(Problem):
    """Fields: port_id, host."""


class PortBindingError(Problem):
    """Fields: port_id, host."""


class PortBoundNUMAAffinityPolicy(Problem):
    """Fields: port_id, host_id, numa_affinity_policy."""


# port security, allowed address pairs


class PortSecurityPortHasSecurityGroup(Problem):
    """No fields."""


class PortSecurityAndIPRequiredForSecurityGroups(Problem):
    """No fields."""


class AddressPairAndPortSecurityRequired(Problem):
    """No fields."""


class AllowedAddressPairsMissingIP(Problem):
    """No fields."""


class DuplicateAddressPairInRequest(Problem):
    """Fields: mac_address, ip_address."""


class AllowedAddressPairExhausted(Problem):
    """Fields: quota."""


class InvalidVirtualMACAddress(Problem):
    """Fields: mac_address."""
