"""Security groups and address groups."""

from wovenet.model.problems.base import Problem

# security groups


class SecurityGroupNotFound(Problem):
    """Fields: id."""


class SecurityGroupInUse(Problem):
    """Fields: id, reason."""


class SecurityGroupCannotRemoveDefault(Problem):
    """No fields."""


class SecurityGroupCannotUpdateDefault(Problem):
    """No fields."""


class SecurityGroupDefaultStatefulnessNotFound(Problem):
    """Fields: id."""


class SecurityGroupDefaultStatefulnessExists(Problem):
    """Fields: project_id."""


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


class AddrFormatError(Problem):
    """Fields: message."""


class AddressesAlreadyExist(Problem):
    """Fields: addresses, address_group_id."""


class AddressesNotFound(Problem):
    """Fields: addresses, address_group_id."""


# logs


class LogResourceNotFound(Problem):
    """Fields: log_id."""


class InvalidLogResourceType(Problem):
    """Fields: resource_type."""


class ResourceNotFound(Problem):
    """What is to be logged. Fields: resource_id."""


class TargetResourceNotFound(Problem):
    """Fields: target_id."""


class InvalidResourceConstraint(Problem):
    """Fields: resource, resource_id, target_resource, target_id."""
