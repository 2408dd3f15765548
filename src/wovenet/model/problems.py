"""What can go wrong, as names and fields.

The class name is what a client matches on (`NeutronError.type`); the fields are what the text at the edge is made of.
No text here: `api/faults.py` is the one table that turns a problem into a status and a sentence.
"""

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the subclasses carry the wire's names
    """A request that cannot be served, for a reason the client may know.

    `fields` go into the text that the client sees; `internal` is logged with the request id and never sent.
    """

    def __init__(self, *, internal: str | None = None, **fields: object) -> None:
        super().__init__(type(self).__name__, fields)
        self.fields: Mapping[str, object] = fields
        self.internal = internal

    @property
    def name(self) -> str:
        return type(self).__name__


class InvalidInput(Problem):
    """Fields: error_message."""


class NetworkNotFound(Problem):
    """Fields: net_id."""


class SubnetNotFound(Problem):
    """Fields: subnet_id."""


class PortNotFound(Problem):
    """Fields: port_id."""


class RevisionNumberConstraintFailed(Problem):
    """Fields: expected, current. Source: If-Match of the revision-if-match alias."""


class OverQuota(Problem):
    """Fields: overs (list of resource names)."""


class PolicyNotAuthorized(Problem):
    """The actor may see the object but not do this. Fields: action (the rules that were asked for)."""


class InvalidScope(Problem):
    """The token's scope is not one that the rule takes. Fields: rule, operation_scopes, token_scope."""


class Unauthenticated(Problem):
    """Nobody knows who asks. Fields: challenge (the WWW-Authenticate header to send)."""


# HTTP itself: malformed requests, unknown URLs, unsupported methods and types


class HTTPBadRequest(Problem):
    """The request is not one the API understands. Fields: message."""


class HTTPForbidden(Problem):
    """Fields: message."""


class HTTPNotFound(Problem):
    """No such URL, or an object that the caller may not know of. No fields."""


class HTTPMethodNotAllowed(Problem):
    """No fields."""


class HTTPNotAcceptable(Problem):
    """No fields."""


class HTTPConflict(Problem):
    """Fields: message."""


class HTTPRequestEntityTooLarge(Problem):
    """The body is longer than the service reads. No fields."""


class HTTPServiceUnavailable(Problem):
    """Something this request needs is away for the moment. No fields."""


# networks, subnets, ports


class BadRequest(Problem):
    """Fields: resource, msg."""


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


# subnet pools, address scopes


class SubnetPoolNotFound(Problem):
    """Fields: subnetpool_id."""


class SubnetPoolInUse(Problem):
    """Fields: subnet_pool_id, reason."""


class SubnetPoolDeleteError(Problem):
    """Fields: reason."""


class SubnetPoolQuotaExceeded(Problem):
    """No fields."""


class SubnetAllocationError(Problem):
    """Fields: reason."""


class EmptySubnetPoolPrefixList(Problem):
    """No fields."""


class PrefixVersionMismatch(Problem):
    """No fields."""


class UnsupportedMinSubnetPoolPrefix(Problem):
    """Fields: prefix, version."""


class MinPrefixSubnetAllocationError(Problem):
    """Fields: prefixlen, min_prefixlen."""


class MaxPrefixSubnetAllocationError(Problem):
    """Fields: prefixlen, max_prefixlen."""


class IllegalSubnetPoolPrefixBounds(Problem):
    """Fields: prefix_type, prefixlen, base_prefix_type, base_prefixlen."""


class IllegalSubnetPoolPrefixUpdate(Problem):
    """Fields: msg."""


class IllegalSubnetPoolUpdate(Problem):
    """Fields: reason."""


class IllegalSubnetPoolAssociationToAddressScope(Problem):
    """Fields: subnetpool_id, address_scope_id."""


class IllegalSubnetPoolIpVersionAssociationToAddressScope(Problem):
    """Fields: subnetpool_id, address_scope_id, ip_version."""


class NetworkSubnetPoolAffinityError(Problem):
    """No fields."""


class AddressScopeNotFound(Problem):
    """Fields: address_scope_id."""


class AddressScopeInUse(Problem):
    """Fields: address_scope_id."""


class AddressScopeUpdateError(Problem):
    """Fields: address_scope_id, reason."""


class AddressScopePrefixConflict(Problem):
    """No fields."""


# segments and their identifiers


class VlanIdInUse(Problem):
    """Fields: vlan_id, physical_network."""


class TunnelIdInUse(Problem):
    """Fields: tunnel_id."""


class FlatNetworkInUse(Problem):
    """Fields: physical_network."""


class NoNetworkAvailable(Problem):
    """No fields."""


class SegmentsSetInConjunctionWithProviders(Problem):
    """No fields."""


class SegmentsContainDuplicateEntry(Problem):
    """No fields."""


class VlanTransparencyDriverError(Problem):
    """No fields."""


class VlanQinqDriverError(Problem):
    """No fields."""


class SegmentNotFound(Problem):
    """Fields: segment_id."""


class SegmentInUse(Problem):
    """Fields: segment_id, reason."""


class NetworkIdsDontMatch(Problem):
    """Fields: subnet_network, segment_id."""


class SubnetsNotAllAssociatedWithSegments(Problem):
    """Fields: network_id."""


class SubnetCantAssociateToDynamicSegment(Problem):
    """No fields."""


class SubnetSegmentAssociationChangeNotAllowed(Problem):
    """No fields."""


class NoUpdateSubnetWhenMultipleSegmentsOnNetwork(Problem):
    """Fields: network_id."""


class FixedIpsSubnetsNotOnSameSegment(Problem):
    """No fields."""


class HostNotConnectedToAnySegment(Problem):
    """Fields: host, network_id."""


class HostNotCompatibleWithFixedIps(Problem):
    """Fields: host, port_id."""


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


# security groups


class SecurityGroupNotFound(Problem):
    """Fields: id."""


class SecurityGroupInUse(Problem):
    """Fields: id, reason."""


class SecurityGroupCannotRemoveDefault(Problem):
    """No fields."""


class SecurityGroupCannotUpdateDefault(Problem):
    """No fields."""


class SecurityGroupDefaultAlreadyExists(Problem):
    """No fields."""


class SecurityGroupConflict(Problem):
    """Fields: reason."""


class SecurityGroupRuleNotFound(Problem):
    """Fields: id."""


class SecurityGroupRuleExists(Problem):
    """Fields: rule_id."""


class SecurityGroupRuleInUse(Problem):
    """Fields: id, reason."""


class SecurityGroupRuleInvalidEtherType(Problem):
    """Fields: ethertype, values."""


class SecurityGroupRuleInvalidProtocol(Problem):
    """Fields: protocol, values."""


class SecurityGroupRuleParameterConflict(Problem):
    """Fields: ethertype, cidr."""


class SecurityGroupRulesNotSingleProject(Problem):
    """No fields."""


class SecurityGroupNotSingleGroupRules(Problem):
    """No fields."""


class SecurityGroupMultipleRemoteEntites(Problem):
    """No fields."""


class SecurityGroupEthertypeConflictWithProtocol(Problem):
    """Fields: ethertype, protocol."""


class SecurityGroupInvalidPortRange(Problem):
    """No fields."""


class SecurityGroupInvalidPortValue(Problem):
    """Fields: port."""


class SecurityGroupInvalidProtocolForPort(Problem):
    """Fields: protocol, valid_port_protocols."""


class SecurityGroupInvalidIcmpValue(Problem):
    """Fields: field, attr, value."""


class SecurityGroupMissingIcmpType(Problem):
    """Fields: value."""


class SecurityGroupProtocolRequiredWithPorts(Problem):
    """No fields."""


class DuplicateSecurityGroupRuleInPost(Problem):
    """No fields."""


class DefaultSecurityGroupRuleNotFound(Problem):
    """Fields: id."""


class DefaultSecurityGroupRuleExists(Problem):
    """Fields: rule_id."""


class DuplicateDefaultSgRuleInPost(Problem):
    """No fields."""


class AddressGroupNotFound(Problem):
    """Fields: address_group_id."""


class AddressGroupInUse(Problem):
    """Fields: address_group_id."""


class AddressesAlreadyExist(Problem):
    """Fields: addresses, address_group_id."""


class AddressesNotFound(Problem):
    """Fields: addresses, address_group_id."""


# quotas


class QuotaResourceUnknown(Problem):
    """Fields: unknown."""


class InvalidQuotaValue(Problem):
    """Fields: unders."""


class TenantQuotaNotFound(Problem):
    """Fields: tenant_id."""


class QuotaMissingTenant(Problem):
    """No fields."""


# sharing, tags, agents


class RbacPolicyNotFound(Problem):
    """Fields: object_type, id."""


class RbacPolicyInUse(Problem):
    """Fields: object_id, details."""


class RbacPolicyInitError(Problem):
    """Fields: object_id, reason."""


class DuplicateRbacPolicy(Problem):
    """No fields."""


class TagNotFound(Problem):
    """Fields: tag."""


class TagResourceNotFound(Problem):
    """Fields: resource, resource_id."""


class AgentNotFound(Problem):
    """Fields: id."""


class AgentNotFoundByTypeHost(Problem):
    """Fields: agent_type, host."""


class ExtensionsNotFound(Problem):
    """Fields: extensions."""


class NeutronDbObjectDuplicateEntry(Problem):
    """Two children of one object are the same. Fields: object_type, attributes, values."""


class LostRace(Exception):  # noqa: N818
    """A row changed under this transaction: the whole function is to be run again. Never reaches a client."""
