"""The one table from problems to what a client is told: status, type and sentence.

Texts and statuses of names that neutron-lib defines come from `fault_texts.json` (see `tools/gen_fault_texts.py`).
Measured: importing `neutron_lib.exceptions` costs 0.5 s, which the first fault of every process would pay; reading the
file costs 0.4 ms. Names that neutron-lib lacks stand here.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from wovenet.model.problems import Problem, Unauthenticated

CONTENT_TYPE: Final = "application/json"

_NOT_FOUND: Final = "The resource could not be found."
_MALFORMED: Final = "The server could not comply with the request since it is either malformed or otherwise incorrect."
_UNAUTHORIZED: Final = 401
_INTERNAL: Final = "Request Failed: internal server error while processing your request."

OURS: Final[Mapping[str, tuple[int, str]]] = {
    "Unauthenticated": (401, "The request you have made requires authentication."),
    # HTTP itself. Source: the answers of Neutron 29 to such requests.
    "HTTPBadRequest": (400, "%(message)s"),
    "HTTPForbidden": (403, "%(message)s"),
    "HTTPNotFound": (404, _NOT_FOUND),
    "HTTPMethodNotAllowed": (405, _MALFORMED),
    "HTTPNotAcceptable": (406, _MALFORMED),
    "HTTPConflict": (409, "%(message)s"),
    "HTTPRequestEntityTooLarge": (413, "The body of your request was too large for this server."),
    "HTTPServiceUnavailable": (503, "The server is currently unavailable. Please try again at a later time."),
    # policy
    "PolicyNotAuthorized": (403, "%(action)s is disallowed by policy"),
    "InvalidScope": (
        403,
        "%(rule)s requires a scope of %(operation_scopes)s, request was made with %(token_scope)s scope.",
    ),
    # revisions
    "RevisionNumberConstraintFailed": (412, "Constrained to %(expected)s, but current revision is %(current)s"),
    # addresses
    "IpamValueInvalid": (409, "%(message)s"),
    "IpAddressAlreadyAllocated": (409, "IP address %(ip)s already allocated in subnet %(subnet_id)s"),
    "IpAddressGenerationFailureNoMatchingSubnet": (
        409,
        "No valid service subnet for the given device owner, network %(network_id)s, service type %(service_type)s.",
    ),
    "AllocationOnAutoAddressSubnet": (
        400,
        "IPv6 address %(ip)s cannot be directly assigned to a port on subnet %(subnet_id)s as the subnet is configured "
        "for automatic addresses",
    ),
    "SubnetAllocationError": (500, "Failed to allocate subnet: %(reason)s."),
    # segments
    "NetworkVlanRangeError": (400, "Invalid network VLAN range: '%(vlan_range)s' - '%(error)s'."),
    "NetworkTunnelRangeError": (400, "Invalid network tunnel range: '%(tunnel_range)s' - %(error)s."),
    "SegmentNotFound": (404, "Segment %(segment_id)s could not be found."),
    "SegmentInUse": (409, "Segment '%(segment_id)s' cannot be deleted: %(reason)s."),
    "NetworkIdsDontMatch": (
        400,
        "The subnet's network id, '%(subnet_network)s', doesn't match the network_id of segment '%(segment_id)s'",
    ),
    "SubnetsNotAllAssociatedWithSegments": (
        400,
        "All of the subnets on network '%(network_id)s' must either all be associated with segments or all not "
        "associated with any segment.",
    ),
    "SubnetCantAssociateToDynamicSegment": (400, "A subnet cannot be associated with a dynamic segment."),
    "SubnetSegmentAssociationChangeNotAllowed": (
        400,
        "A subnet that is already associated with a segment cannot have its segment association changed.",
    ),
    "NoUpdateSubnetWhenMultipleSegmentsOnNetwork": (
        400,
        "The network '%(network_id)s' has multiple segments, it is only possible to associate an existing subnet with "
        "a segment on networks with a single segment.",
    ),
    "FixedIpsSubnetsNotOnSameSegment": (400, "Cannot allocate addresses from different segments."),
    "HostNotConnectedToAnySegment": (
        409,
        "Host %(host)s is not connected to any segments on routed provider network '%(network_id)s'.  It should be "
        "connected to one.",
    ),
    "HostNotCompatibleWithFixedIps": (
        409,
        "Host %(host)s is not connected to a segment where the existing fixed_ips on port %(port_id)s will function "
        "given the routed network topology.",
    ),
    # external networks
    "DefaultExternalNetworkExists": (409, "A default external network already exists: %(net_id)s."),
    # bindings
    "PortBindingError": (500, "Binding for port %(port_id)s on host %(host)s could not be created or updated."),
    # owners
    "OVNPortUpdateError": (400, "Bad %(resource)s request: %(msg)s."),
    # extra DHCP options
    "NeutronDbObjectDuplicateEntry": (
        409,
        "Failed to create a duplicate %(object_type)s: for attribute(s) %(attributes)s with value(s) %(values)s",
    ),
    # allowed address pairs
    "InvalidVirtualMACAddress": (
        400,
        "Virtual MAC address %(mac_address)s in allowed address pair does not belong to the RFC 5798 VRRP virtual MAC "
        "ranges (00:00:5e:00:01:XX for IPv4 or 00:00:5e:00:02:XX for IPv6).",
    ),
    # security groups
    "SecurityGroupNotFound": (404, "Security group %(id)s does not exist"),
    "SecurityGroupInUse": (409, "Security Group %(id)s %(reason)s."),
    "SecurityGroupCannotRemoveDefault": (409, "Insufficient rights for removing default security group."),
    "SecurityGroupCannotUpdateDefault": (409, "Updating default security group not allowed."),
    "SecurityGroupConflict": (409, "Error %(reason)s while attempting the operation."),
    "SecurityGroupRuleNotFound": (404, "Security group rule %(id)s does not exist"),
    "SecurityGroupRuleExists": (409, "Security group rule already exists. Rule id is %(rule_id)s."),
    "SecurityGroupRuleInUse": (409, "Security Group Rule %(id)s %(reason)s."),
    "SecurityGroupRuleInvalidEtherType": (
        400,
        "Security group rule for ethertype '%(ethertype)s' not supported. Allowed values are %(values)s.",
    ),
    "SecurityGroupRuleInvalidProtocol": (
        400,
        "Security group rule protocol %(protocol)s not supported. Only protocol values %(values)s and integer "
        "representations [0 to 255] are supported.",
    ),
    "SecurityGroupRuleParameterConflict": (400, "Conflicting value ethertype %(ethertype)s for CIDR %(cidr)s"),
    "SecurityGroupRulesNotSingleProject": (
        400,
        "Multiple project_ids in bulk security group rule create not allowed",
    ),
    "SecurityGroupNotSingleGroupRules": (400, "Only allowed to update rules for one security profile at a time"),
    "SecurityGroupMultipleRemoteEntites": (
        400,
        "Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.",
    ),
    "SecurityGroupEthertypeConflictWithProtocol": (400, "Invalid ethertype %(ethertype)s for protocol %(protocol)s."),
    "SecurityGroupInvalidPortRange": (400, "For TCP/UDP protocols, port_range_min must be <= port_range_max"),
    "SecurityGroupInvalidPortValue": (400, "Invalid value for port %(port)s"),
    "SecurityGroupInvalidProtocolForPort": (
        400,
        "Ports cannot be specified for protocol %(protocol)s. Ports are only supported for %(valid_port_protocols)s.",
    ),
    "SecurityGroupInvalidIcmpValue": (
        400,
        "Invalid value for ICMP %(field)s (%(attr)s) %(value)s. It must be 0 to 255.",
    ),
    "SecurityGroupMissingIcmpType": (
        400,
        "ICMP code (port-range-max) %(value)s is provided but ICMP type (port-range-min) is missing.",
    ),
    "SecurityGroupProtocolRequiredWithPorts": (400, "Must also specify protocol if port range is given."),
    "DuplicateSecurityGroupRuleInPost": (409, "Duplicate Security Group Rule in POST."),
    "DefaultSecurityGroupRuleNotFound": (404, "Default Security Group rule %(id)s does not exist"),
    "DefaultSecurityGroupRuleExists": (409, "Default Security group rule already exists. Rule id is %(rule_id)s."),
    "DuplicateDefaultSgRuleInPost": (409, "Duplicate Default Security Group Rule in POST."),
    "SecurityGroupDefaultStatefulnessNotFound": (
        404,
        "Security group default statefulness %(id)s could not be found.",
    ),
    "SecurityGroupDefaultStatefulnessExists": (
        409,
        "Security group default statefulness for project %(project_id)s already exists.",
    ),
    # address groups
    "AddrFormatError": (400, "%(message)s"),
    # logs
    "LogResourceNotFound": (404, "Log resource %(log_id)s could not be found."),
    "InvalidLogResourceType": (400, "Invalid log resource_type: %(resource_type)s."),
    "ResourceNotFound": (404, "Resource %(resource_id)s could not be found."),
    "TargetResourceNotFound": (404, "Target resource %(target_id)s could not be found."),
    "InvalidResourceConstraint": (
        400,
        "Invalid resource constraint between resource (%(resource)s %(resource_id)s) and target resource "
        "(%(target_resource)s %(target_id)s).",
    ),
    # sharing, tags
    "RbacPolicyNotFound": (404, "RBAC policy of type %(object_type)s with ID %(id)s not found"),
    "RbacPolicyInUse": (
        409,
        "RBAC policy on object %(object_id)s cannot be removed because other objects depend on it.\n"
        "Details: %(details)s",
    ),
    "RbacPolicyInitError": (500, "Failed to create RBAC policy on object %(object_id)s because %(reason)s."),
    "DuplicateRbacPolicy": (409, "An RBAC policy already exists with those values."),
    "InvalidActionForType": (
        400,
        "Invalid action '%(action)s' for object type '%(object_type)s'. Valid actions: %(valid_actions)s",
    ),
    "TagNotFound": (404, "Tag %(tag)s could not be found."),
    "TagResourceNotFound": (404, "Resource %(resource)s %(resource_id)s could not be found."),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is no success, as the wire shows it."""

    status: int
    type: str
    message: str

    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The JSON that Neutron's clients parse. Source of the other shape, for 401: keystonemiddleware."""
        if self.status == _UNAUTHORIZED:
            return json.dumps({"error": {"code": 401, "title": self.type, "message": self.message}}).encode()
        return json.dumps({"NeutronError": {"type": self.type, "message": self.message, "detail": ""}}).encode()


_TOLD: Final = frozenset({"SubnetAllocationError", "PortBindingError"})
"""Answered with 500 by the peer, and yet about nothing but the request: no space in a pool, no port on a host."""

INTERNAL: Final = Fault(500, "HTTPInternalServerError", _INTERNAL)


def of(error: Exception) -> Fault:
    """What a client is told about `error`: everything about a problem, nothing about anything else."""
    if not isinstance(error, Problem):
        return INTERNAL
    if isinstance(error, Unauthenticated):
        headers = {"WWW-Authenticate": str(error.fields["challenge"])}
        return Fault(_UNAUTHORIZED, "Unauthorized", OURS[error.name][1], headers)
    entry = template(error.name)
    if entry is None:
        return INTERNAL
    status, text = entry
    # Told to the log only, with one exception: such texts name what is not the client's business.
    if status == INTERNAL.status and error.name not in _TOLD:
        return INTERNAL
    return Fault(status, error.name, text % _Fields(error.fields))


def template(name: str) -> tuple[int, str] | None:
    """Status and text of the problem called `name`, or None if no table has it."""
    return OURS.get(name) or _library_texts().get(name)


def told(name: str) -> tuple[int, str] | None:
    """Status and type that a client is told of the problem called `name`, or None if no table has it."""
    if name == Unauthenticated.__name__:
        return _UNAUTHORIZED, "Unauthorized"
    entry = template(name)
    if entry is None:
        return None
    return (entry[0], name) if entry[0] != INTERNAL.status or name in _TOLD else (INTERNAL.status, INTERNAL.type)


class _Fields(dict[str, object]):
    """Fields that a text names and a problem lacks show as such, so that a fault never fails to be told."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


@functools.cache
def _library_texts() -> Mapping[str, tuple[int, str]]:
    raw = resources.files("wovenet.api").joinpath("fault_texts.json").read_bytes()
    return {name: (status, text) for name, (status, text) in json.loads(raw).items()}
