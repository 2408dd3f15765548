"""Decisions, refusals and views as a running Neutron 29 gave them, and the files that change them."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wovenet import policies
from wovenet.api.policy import Policy, Source, source
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.model.clock import SystemClock
from wovenet.settings import load

MINE, THEIRS = "a" * 32, "b" * 32
MEMBER = Actor("u1", MINE, frozenset({"member", "reader"}))
READER = Actor("u2", MINE, frozenset({"reader"}))
OTHER = Actor("u3", THEIRS, frozenset({"member", "reader"}))
SERVICE = Actor("nova", "c" * 32, frozenset({"service"}))
NOBODY = Actor("u4", MINE, frozenset())

NETWORK = {"id": "n", "project_id": MINE, "shared": False, "router:external": False}
SHARED = {**NETWORK, "shared": True}
PORT = {"id": "p", "network_id": "n", "project_id": THEIRS, "device_owner": ""}
PARENTS = {"network": {"n": {"project_id": MINE, "shared": False}}}
SHARED_PARENTS = {"network": {"n": {"project_id": MINE, "shared": True}}}
PROVIDER = {"segments", "provider:network_type", "provider:physical_network", "provider:segmentation_id"}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return Policy()


@pytest.fixture(scope="module")
def admin(policy: Policy) -> Actor:
    return policy.actor(Actor("u0", "d" * 32, frozenset({"admin", "member", "reader"})))


@pytest.mark.parametrize(
    ("actor", "rule", "target", "expected"),
    [
        (MEMBER, "get_network", NETWORK, True),
        (READER, "get_network", NETWORK, True),
        (NOBODY, "get_network", NETWORK, False),
        (NOBODY, "get_network", SHARED, True),
        (OTHER, "get_network", NETWORK, False),
        (OTHER, "get_network", SHARED, True),
        (OTHER, "get_network", {**NETWORK, "router:external": True}, True),
        (SERVICE, "get_network", NETWORK, True),
        (MEMBER, "update_network", NETWORK, True),
        (READER, "update_network", NETWORK, False),
        (OTHER, "update_network", SHARED, False),
        (MEMBER, "update_network:shared", NETWORK, False),
        (MEMBER, "get_agent", {}, False),
        (READER, "get_availability_zone", {}, True),
        (NOBODY, "get_availability_zone", {}, False),
        (MEMBER, "create_rbac_policy:target_tenant", {"target_tenant": "*"}, False),
        (MEMBER, "create_rbac_policy:target_tenant", {"target_project": "*"}, False),
        (MEMBER, "create_rbac_policy:target_tenant", {"target_tenant": THEIRS}, True),
    ],
)
def test_decisions(policy: Policy, actor: Actor, rule: str, target: dict[str, object], expected: bool) -> None:
    assert policy.allows(actor, rule, target) is expected


@pytest.mark.parametrize(
    ("actor", "rule", "target", "parents", "expected"),
    [
        (OTHER, "create_port", PORT, PARENTS, False),
        (OTHER, "create_port", PORT, SHARED_PARENTS, True),
        (MEMBER, "create_port", PORT, PARENTS, True),
        (OTHER, "create_port:fixed_ips:ip_address", PORT, SHARED_PARENTS, False),
        (MEMBER, "create_port:fixed_ips:ip_address", PORT, SHARED_PARENTS, True),
        (OTHER, "create_port:device_owner", PORT, SHARED_PARENTS, True),
        (OTHER, "create_port:device_owner", {**PORT, "device_owner": "network:dhcp"}, SHARED_PARENTS, False),
        (MEMBER, "get_port", PORT, PARENTS, True),
        (MEMBER, "update_port", PORT, PARENTS, False),
        (MEMBER, "delete_port", PORT, PARENTS, True),
        (MEMBER, "delete_port", {**PORT, "device_owner": "compute:nova"}, PARENTS, False),
        (SERVICE, "create_port:binding:profile", PORT, PARENTS, True),
        (MEMBER, "create_subnet", {"network_id": "n"}, PARENTS, True),
        (OTHER, "create_subnet", {"network_id": "n"}, SHARED_PARENTS, False),
        (MEMBER, "get_security_group_rule", {"security_group_id": "g"}, {"security_group": {"g": NETWORK}}, True),
        (OTHER, "get_security_group_rule", {"security_group_id": "g"}, {"security_group": {"g": NETWORK}}, False),
        (MEMBER, "create_floatingip_port_forwarding", {"ext_parent:project_id": MINE}, {}, True),
        (OTHER, "create_floatingip_port_forwarding", {"ext_parent:project_id": MINE}, {}, False),
    ],
)
def test_decisions_about_parents(
    policy: Policy, actor: Actor, rule: str, target: dict[str, object], parents: dict[str, object], expected: bool
) -> None:
    assert policy.allows(actor, rule, target, parents) is expected  # type: ignore[arg-type]


def test_a_service_token_lets_a_member_delete_a_compute_port(policy: Policy) -> None:
    port = {"project_id": MINE, "device_owner": "compute:nova"}
    assert not policy.allows(MEMBER, "delete_port", port)
    on_behalf = Actor("u1", MINE, frozenset({"member"}), service_roles=frozenset({"service"}))
    assert policy.allows(on_behalf, "delete_port", port)


def test_even_an_administrator_needs_the_service_role_where_a_rule_says_so(policy: Policy, admin: Actor) -> None:
    assert policy.allows(admin, "create_port:binding:host_id", PORT)
    assert not policy.allows(admin, "create_port:binding:profile", PORT)


def test_tenant_id_and_project_id_are_one(policy: Policy) -> None:
    assert policy.allows(MEMBER, "update_network", {"tenant_id": MINE})
    assert policy.allows(MEMBER, "create_subnet", {"network_id": "n"}, {"network": {"n": {"tenant_id": MINE}}})


@pytest.mark.parametrize("nowhere", ["", None])
def test_no_project_owns_nothing(policy: Policy, nowhere: str | None) -> None:
    actor = Actor("u", "", frozenset({"member", "reader"}))
    assert not policy.allows(actor, "update_network", {"project_id": nowhere})
    assert not policy.allows(actor, "update_network", {})


def test_role_names_are_compared_without_case(policy: Policy) -> None:
    assert policy.allows(Actor("u", MINE, frozenset({"Member"})), "update_network", NETWORK)


def test_the_deployment_says_who_is_an_administrator(policy: Policy, admin: Actor) -> None:
    assert (admin.is_admin, admin.is_service) == (True, False)
    service = policy.actor(Actor("u", MINE, frozenset({"advsvc"})))
    assert (service.is_admin, service.is_service) == (False, True)
    assert not policy.actor(Actor("u", MINE, frozenset({"member"}), is_admin=True)).is_admin


def test_views(policy: Policy, admin: Actor) -> None:
    assert policy.hidden(MEMBER, "network", NETWORK) == PROVIDER
    assert policy.hidden(OTHER, "network", NETWORK) is None
    assert policy.hidden(OTHER, "network", SHARED) == PROVIDER | {"pvlan"}
    assert policy.hidden(admin, "network", NETWORK) == frozenset()
    hidden = policy.hidden(OTHER, "port", PORT, PARENTS)
    assert hidden is not None
    assert {"binding:host_id", "binding:profile", "binding:vif_type", "resource_request"} <= hidden


def test_a_view_says_what_it_needs_to_know(policy: Policy, admin: Actor) -> None:
    view = policy.view(MEMBER, "port")
    assert {"project_id", "network_id"} <= view.attributes
    assert view.parents == {"network"}
    assert policy.view(admin, "port").attributes == frozenset()


def test_objects_of_one_class_are_decided_once(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    view = policy.view(Actor("u", MINE, frozenset({"reader", "only-here"})), "network")
    concluded = 0
    conclude = view._plan._conclude

    def counting(answers: list[bool]) -> frozenset[str] | None:
        nonlocal concluded
        concluded += 1
        return conclude(answers)

    monkeypatch.setattr(view._plan, "_conclude", counting)
    for number in range(1000):
        view({"project_id": MINE if number % 2 else str(number), "shared": number % 3 == 0})
    assert concluded == 4


def test_a_decider_answers_several_rules(policy: Policy) -> None:
    decide = policy.decider(MEMBER, ("update_network", "update_network:shared"))
    assert decide(NETWORK) == (True, False)
    assert decide({"project_id": THEIRS}) == (False, False)


@pytest.mark.parametrize(
    ("action", "member", "attributes", "text"),
    [
        ("update", "network", {}, "rule:update_network"),
        ("update", "network", {"shared": True}, "(rule:update_network and rule:update_network:shared)"),
        (
            "update",
            "network",
            {"shared": True, "router:external": True},
            "((rule:update_network and rule:update_network:shared) and rule:update_network:router:external)",
        ),
        (
            "create",
            "port",
            {
                "fixed_ips": [{"ip_address": "1.2.3.4"}],
                "allowed_address_pairs": [{"ip_address": "1.1.1.1", "mac_address": "fa:16:3e:00:00:01"}],
                "binding:host_id": "h",
            },
            "(((rule:create_port and (rule:create_port:fixed_ips and (rule:create_port:fixed_ips:ip_address))) and "
            "(rule:create_port:allowed_address_pairs and (rule:create_port:allowed_address_pairs:ip_address and "
            "rule:create_port:allowed_address_pairs:mac_address))) and rule:create_port:binding:host_id)",
        ),
        (
            "update",
            "port",
            {"fixed_ips": [{"ip_address": "10.9.0.5", "subnet_id": "s"}, {"ip_address": "10.9.0.6"}]},
            "(rule:update_port and (rule:update_port:fixed_ips and (rule:update_port:fixed_ips:ip_address and "
            "rule:update_port:fixed_ips:subnet_id and rule:update_port:fixed_ips:ip_address)))",
        ),
        (
            "create",
            "port",
            {"device_owner": "network:x", "binding:profile": {"a": 1}},
            "((rule:create_port and rule:create_port:device_owner) and rule:create_port:binding:profile)",
        ),
        (
            "create",
            "rbac_policy",
            {"object_type": "network", "target_tenant": "*"},
            "((rule:create_rbac_policy and rule:create_rbac_policy:object_type) and "
            "rule:create_rbac_policy:target_tenant)",
        ),
        (
            "create",
            "router",
            {"external_gateway_info": {"network_id": "n", "enable_snat": False}},
            "(rule:create_router and (rule:create_router:external_gateway_info and "
            "(rule:create_router:external_gateway_info:network_id and "
            "rule:create_router:external_gateway_info:enable_snat)))",
        ),
    ],
)
def test_what_a_request_has_to_pass(
    policy: Policy, action: str, member: str, attributes: dict[str, object], text: str
) -> None:
    assert policy.required_rules(action, member, attributes).text == text


def test_refusals(policy: Policy) -> None:
    need = policy.required_rules("update", "network", {"shared": True})
    policy.require(MEMBER, policy.required_rules("update", "network"), NETWORK)
    with pytest.raises(problems.PolicyNotAuthorized) as refused:
        policy.require(MEMBER, need, NETWORK, seen="get_network")
    assert refused.value.fields == {"action": "(rule:update_network and rule:update_network:shared)"}
    with pytest.raises(problems.PolicyNotAuthorized):
        policy.require(OTHER, need, SHARED, seen="get_network")
    with pytest.raises(problems.HTTPNotFound):
        policy.require(OTHER, need, NETWORK, seen="get_network")
    with pytest.raises(problems.PolicyNotAuthorized) as refused:
        policy.require(MEMBER, "get_quota", {"project_id": THEIRS})
    assert refused.value.fields == {"action": "rule:get_quota"}


@pytest.mark.parametrize(
    ("actor", "scope"),
    [
        (Actor("u", "", frozenset({"admin"}), system_scope="all"), "system"),
        (Actor("u", "", frozenset({"admin"}), domain_id="default"), "domain"),
    ],
)
def test_tokens_of_another_scope_are_refused(policy: Policy, actor: Actor, scope: str) -> None:
    assert policy.hidden(actor, "network", NETWORK) is None
    with pytest.raises(problems.InvalidScope) as refused:
        policy.require(actor, "get_quota", {"project_id": MINE})
    assert refused.value.fields == {
        "rule": "rule:get_quota",
        "operation_scopes": ["project"],
        "token_scope": scope,
    }
    assert Policy(Source(enforce_scope=False)).allows(actor, "get_quota", {"project_id": MINE})


def test_a_rule_that_nobody_defined_means_the_default_rule(policy: Policy) -> None:
    assert policy.allows(MEMBER, "create_rbac_policy:object_type", {"project_id": MINE})
    assert not policy.allows(MEMBER, "create_rbac_policy:object_type", {"project_id": THEIRS})
    assert not Policy(Source(default_rule="no-such-rule")).allows(MEMBER, "create_rbac_policy:object_type", NETWORK)


def test_policy_files_change_rules(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('"update_network": "rule:admin_only"\n"get_network:mtu": "rule:admin_only"\n')
    extra = tmp_path / "policy.d"
    extra.mkdir()
    (extra / "10-groups.yaml").write_text('"create_network": "role:builder and user_id:%(owner)s or user_id:root"\n')
    changed = Policy(Source(file=file, dirs=(extra, tmp_path / "absent")))
    assert not changed.allows(MEMBER, "update_network", NETWORK)
    assert "mtu" in (changed.hidden(MEMBER, "network", NETWORK) or ())
    builder = Actor("u1", MINE, frozenset({"builder"}))
    assert changed.allows(builder, "create_network", {"owner": "u1"})
    assert not changed.allows(builder, "create_network", {"owner": "u2"})
    assert changed.allows(Actor("root", MINE, frozenset()), "create_network", {})


class StoppedClock(SystemClock):
    """A clock that stands still until it is set."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


def test_changed_files_count_after_a_while(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, clock = tmp_path / "policy.yaml", StoppedClock()
    policy = Policy(Source(file=file, check_s=5.0), clock)
    file.write_text('"update_network": "!"\n')
    policy.refresh()
    assert policy.allows(MEMBER, "update_network", NETWORK)
    clock.now_s = 5.0
    policy.refresh()
    assert not policy.allows(MEMBER, "update_network", NETWORK)
    file.write_text("update_network: [\n")
    for clock.now_s in (10.0, 15.0):
        policy.refresh()
        assert not policy.allows(MEMBER, "update_network", NETWORK)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1
    assert str(file) in caplog.records[-1].__dict__["cause"]
    file.unlink()
    clock.now_s = 20.0
    policy.refresh()
    assert policy.allows(MEMBER, "update_network", NETWORK)


def test_threads_that_ask_first_at_the_same_time_are_answered_alike(policy: Policy) -> None:
    names = [rule.name for rule in policies.ALL]
    expected = [policy.allows(MEMBER, name, NETWORK) for name in names]
    fresh, start = Policy(), threading.Barrier(8)

    def ask() -> list[bool]:
        start.wait()
        return [fresh.allows(MEMBER, name, NETWORK) for name in names]

    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(ask) for _ in range(8)]
    finally:
        sys.setswitchinterval(interval_s)
    assert all(answer.result() == expected for answer in answers)


def test_settings_say_where_the_rules_are(tmp_path: Path) -> None:
    conf = tmp_path / "neutron.conf"
    conf.write_text("[oslo_policy]\npolicy_file = p.yaml\nenforce_scope = false\n")
    settings, _ = load({}, [conf])
    assert source(settings) == Source(file=tmp_path / "p.yaml", dirs=(tmp_path / "policy.d",), enforce_scope=False)
    assert Policy(source(settings)).allows(MEMBER, "update_network", NETWORK)


@pytest.mark.parametrize("content", ["just words: [", "- a\n- b\n", "word"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "10-groups.yaml"
    file.write_text(content)
    with pytest.raises(ValueError, match="10-groups"):
        Policy(Source(dirs=(tmp_path,)))


def test_files_may_use_the_former_name_of_a_rule(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('"update_networks_tags": "rule:admin_only"\n')
    assert not Policy(Source(file=file)).allows(MEMBER, "update_network:tags", NETWORK)


def test_old_defaults_hold_if_the_deployment_asks_for_them() -> None:
    assert Policy(Source(enforce_new_defaults=False)).allows(NOBODY, "update_network", NETWORK)
    assert not Policy(Source()).allows(NOBODY, "update_network", NETWORK)


@pytest.mark.parametrize(
    ("check", "target", "expected"),
    [
        ("not role:member", {}, False),
        ("role:%(wanted)s", {"wanted": "member"}, True),
        ("role:%(wanted)s", {}, False),
        ("True:%(shared)s", {"shared": True}, True),
        ("'net':%(kind)s", {"kind": "net"}, True),
        ("project_id:x-%(suffix)s", {"suffix": "y"}, False),
        (f"project_id:{MINE}", {}, True),
        ("field:networks:name=blue", {"name": "blue"}, True),
        ("field:networks:name=~^bl", {"name": "green"}, False),
        ("field:networks:shared=False", {}, False),
        ("field:networks:shared=false", {"shared": False}, True),
        ("rule:loop", {}, False),
        ("not rule:loop", {}, True),
        ("rule:absent_too", {"project_id": THEIRS}, False),
        ("is_admin:True", {}, False),
        ("service_roles:service", {}, False),
        ("@", {}, True),
        ("!", {}, False),
    ],
)
def test_the_language_of_policy_files(tmp_path: Path, check: str, target: dict[str, object], expected: bool) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f'"asked": "{check}"\n"loop": "rule:loop"\n')
    assert Policy(Source(file=file)).allows(MEMBER, "asked", target) is expected


def test_caches_are_bounded() -> None:
    policy = Policy()
    for number in range(50):
        policy.view(Actor("u", MINE, frozenset({f"role-{number}"})), "network")(NETWORK)
    assert policy._rules.settled.cache_info().maxsize
    assert policy._rules.view_plan.cache_info().maxsize
    assert policy._rules.question.cache_info().maxsize


def test_the_table_is_whole() -> None:
    names = [rule.name for rule in policies.ALL]
    assert len(names) == len(set(names)) >= 372
    for rule in policies.list_rules():
        assert rule.name in names


def test_who_has_made_something_sees_what_is_not_guarded(policy: Policy) -> None:
    assert policy.hidden(NOBODY, "network", NETWORK) is None
    assert policy.guarded("network") >= PROVIDER


def test_services_are_told_by_their_role(policy: Policy) -> None:
    assert policy.actor(Actor("u", MINE, frozenset({"service"}))).is_service
    assert not policy.actor(Actor("u", MINE, frozenset({"admin"}))).is_service
