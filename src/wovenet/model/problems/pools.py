"""Subnet pools, address scopes, segments and their identifiers."""

from wovenet.model.problems.base import Problem

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


class NetworkAddressScopeAffinityError(Problem):
    """No fields."""


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


class NetworkSegmentRangeNotFound(Problem):
    """Fields: range_id."""


class NetworkSegmentRangeNetTypeNotSupported(Problem):
    """Fields: type."""


class NetworkSegmentRangeDefaultReadOnly(Problem):
    """Fields: range_id."""


class NetworkSegmentRangeOverlaps(Problem):
    """Fields: range_id."""


class NetworkSegmentRangeReferencedByProject(Problem):
    """Fields: range_id."""


class NetworkVlanRangeError(Problem):
    """Fields: vlan_range, error."""


class NetworkTunnelRangeError(Problem):
    """Fields: tunnel_range, error."""


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
