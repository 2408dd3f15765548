"""Settling in advance changes no decision: compared with oslo.policy's own evaluation."""

from hypothesis import given, settings
from hypothesis import strategies as st
from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from wovenet import policies
from wovenet.api import checks
from wovenet.api.policy import Policy
from wovenet.model.actor import Actor

PROJECTS = ("p1", "p2")
ROLES = ("admin", "member", "reader", "manager", "service", "advsvc", "data_plane_integrator")
NAMES = sorted(rule.name for rule in policies.ALL)


def _enforcer() -> oslo_policy.Enforcer:
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[], default_config_dirs=[])
    enforcer = oslo_policy.Enforcer(conf, use_conf=False)
    enforcer.register_defaults(list(policies.list_rules(with_former=False)))
    enforcer.set_rules(oslo_policy.Rules.from_dict({r.name: r.check for r in policies.ALL}, "default"), use_conf=False)
    return enforcer


OURS, THEIRS = Policy(), _enforcer()

actors = st.builds(
    Actor,
    st.just("u"),
    st.sampled_from(PROJECTS),
    st.frozensets(st.sampled_from(ROLES)),
    service_roles=st.frozensets(st.just("service")),
    domain_id=st.sampled_from([None, None, "d"]),
    system_scope=st.sampled_from([None, None, "all"]),
)
keys = ("project_id", "network:project_id", "security_group:project_id", "ext_parent:project_id")
targets = st.fixed_dictionaries({}, optional=dict.fromkeys(keys, st.sampled_from(PROJECTS)))


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(NAMES), actors, targets)
def test_every_default_rule_decides_as_oslo_policy_does(name: str, actor: Actor, target: dict[str, str]) -> None:
    # Targets have no attribute that a `field:` check asks for: such checks exist in no bare oslo.policy.
    credentials = {**checks.credentials(actor), "system": actor.system_scope}
    expected = THEIRS.enforce(name, dict(target), credentials)
    assert OURS.allows(actor, name, target) is bool(expected)
