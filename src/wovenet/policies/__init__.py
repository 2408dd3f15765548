"""Who may do what unless a policy file says otherwise: the rule names and defaults that Neutron's operators know."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wovenet.policies import base, l3, networks, ports, security, services
from wovenet.policies.rule import Rule

if TYPE_CHECKING:
    from oslo_policy import policy

ALL: tuple[Rule, ...] = (
    *base.RULES,
    *networks.RULES,
    *ports.RULES,
    *security.RULES,
    *l3.RULES,
    *services.RULES,
)


def list_rules(*, with_former: bool = True) -> "Iterator[policy.RuleDefault]":
    """The defaults as oslo.policy objects: for the enforcer, and for oslo.policy's own command-line tools.

    Without former checks, former names are still understood; reading is faster by a third.
    """
    from oslo_policy import policy

    for line in ALL:
        deprecated = None
        if line.was is not None and (with_former or line.once is not None):
            deprecated = policy.DeprecatedRule(
                line.once or line.name,
                line.was,
                deprecated_reason="Secure RBAC: personas instead of admin or owner.",
                deprecated_since="2023.1",
            )
        scopes = list(line.scopes) or None
        if line.at:
            requests = (request.split(" ", 1) for request in line.at)
            operations: list[policy.Operation] = [{"method": method, "path": path} for method, path in requests]
            yield policy.DocumentedRuleDefault(
                line.name, line.check, line.name, operations, deprecated_rule=deprecated, scope_types=scopes
            )
        else:
            yield policy.RuleDefault(line.name, line.check, deprecated_rule=deprecated, scope_types=scopes)
