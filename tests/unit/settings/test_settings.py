"""Settings: where they come from, what is said about those that do nothing, and that secrets stay unseen."""

import ast
import dataclasses
import json
import logging
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

import wovenet
from wovenet.settings import GROUPS, BadSettings, Report, Secret, Settings, load
from wovenet.settings.load import peer_options
from wovenet.settings.options import OPTION, declared

CANARY = "canary-5e1d"


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "neutron.conf"


def test_defaults_are_usable_without_reading_anything() -> None:
    settings = Settings()
    assert settings.default.bind_port == 9696
    assert settings.ml2.project_network_types == ("geneve",)
    assert settings.quotas.limit("port") == 500


def test_flags_win_over_the_environment_over_later_files_over_earlier_ones(tmp_path: Path, conf: Path) -> None:
    conf.write_text("[DEFAULT]\nbind_port = 1001\ndns_domain = one.example.\nmax_routes = 1\nagent_down_time = 5\n")
    second = tmp_path / "second.conf"
    second.write_text("[DEFAULT]\nbind_port = 1002\ndns_domain = two.example.\nmax_routes = 2\n")
    environ = {"OS_DEFAULT__BIND_PORT": "1003", "OS_DEFAULT__MAX_ROUTES": "3"}
    settings, reports = load({"bind": "127.0.0.1:1004"}, [conf, second], environ)
    default = settings.default
    assert (default.bind_port, default.max_routes, default.dns_domain, default.agent_down_time) == (
        1004,
        3,
        "two.example.",
        5,
    )
    assert reports == []


@pytest.mark.parametrize(
    ("bind", "host", "port", "url"),
    [
        ("10.0.0.1:80", "10.0.0.1", 80, "http://10.0.0.1:80"),
        ("[::1]:9696", "::1", 9696, "http://[::1]:9696"),
        (":9696", "0.0.0.0", 9696, "http://127.0.0.1:9696"),
        ("[::]:1", "::", 1, "http://[::1]:1"),
        ("name:1", "name", 1, "http://name:1"),
    ],
)
def test_bind_is_host_and_port(bind: str, host: str, port: int, url: str) -> None:
    default = load({"bind": bind})[0].default
    assert (default.bind_host, default.bind_port, default.url) == (host, port, url)


@pytest.mark.parametrize("bind", ["9696", "::1:9696", "host:port", "host:99999"])
def test_a_bind_that_is_no_host_and_port_is_refused(bind: str) -> None:
    with pytest.raises(BadSettings, match="bind_"):
        load({"bind": bind})


def test_the_files_of_an_existing_deployment_are_accepted(tmp_path: Path, conf: Path) -> None:
    conf.write_text(
        "[DEFAULT]\ncore_plugin = ml2\nauth_strategy = keystone\nstate_path = /var/lib/neutron\napi_workers = 3\n"
        "pagination_max_limit = -1\n[database]\nconnection = mysql+pymysql://neutron:pw@db/neutron?charset=utf8\n"
        "[quotas]\nquota_network = -1\nquota_trunk = 7\nquota_driver = x\n"
        "[oslo_concurrency]\nlock_path = $state_path/lock\n"
        "[keystone_authtoken]\nauth_url = http://ks:5000\npassword = pw\nmemcached_servers = a:1,b:2\nnonsense = 1\n"
    )
    ml2 = tmp_path / "ml2_conf.ini"
    ml2.write_text(
        "[ml2]\ntype_drivers = flat,vlan,geneve\ntenant_network_types = geneve,vlan\n"
        "physical_network_mtus = a:9000,b:1500\n"
        "[ml2_type_flat]\nflat_networks = *\n[ml2_type_vlan]\nnetwork_vlan_ranges = physnet1:100:199,physnet2\n"
        "[ovn]\novn_nb_connection = ssl:10.0.0.1:6641,ssl:10.0.0.2:6641\n"
        "ovn_dhcp4_global_options = ntp_server:10.0.0.9\nwobble = 1\n"
    )
    settings, reports = load({}, [conf, ml2], {"HOME": "/home/x"})
    assert settings.default.state_path == Path("/var/lib/neutron")
    assert settings.default.api_workers == 3
    assert settings.default.pagination_max_limit == 0
    assert settings.database.connection.reveal().startswith("mysql+pymysql://neutron:pw@")
    assert settings.ml2.project_network_types == ("geneve", "vlan")
    assert settings.ml2.physical_network_mtus == {"a": 9000, "b": 1500}
    assert settings.ml2_type_vlan.network_vlan_ranges == ("physnet1:100:199", "physnet2")
    assert settings.ovn.connection == "remote"
    assert settings.ovn.ovn_nb_connection == ("ssl:10.0.0.1:6641", "ssl:10.0.0.2:6641")
    assert settings.ovn.ovn_dhcp4_global_options == {"ntp_server": "10.0.0.9"}
    assert (settings.quotas.limit("network"), settings.quotas.limit("trunk"), settings.quotas.limit("flavor")) == (
        -1,
        7,
        -1,
    )
    assert settings.raw["keystone_authtoken"]["memcached_servers"] == "a:1,b:2"
    assert settings.raw["keystone_authtoken"]["password"] == Secret("pw")
    assert {(report.group, report.name, report.kind) for report in reports} == {
        ("DEFAULT", "core_plugin", "unused"),
        ("quotas", "quota_driver", "unused"),
        ("oslo_concurrency", "lock_path", "unused"),
        ("keystone_authtoken", "nonsense", "unknown"),
        ("ml2", "tenant_network_types", "former"),
        ("ovn", "wobble", "unknown"),
    }
    assert str(Report(str(ml2), "ovn", "wobble", "unknown")) == f"{ml2}: [ovn] wobble is not an option"


def test_all_bad_values_are_named_at_once(conf: Path) -> None:
    conf.write_text(
        f"[DEFAULT]\nbind_port = {CANARY}\nbase_mac = 01:00:00:00:00:00\nauth_strategy = none\nbind_host = $nowhere\n"
        "[ml2]\noverlay_ip_version = 5\n[quotas]\nquota_widget = many\n"
    )
    with pytest.raises(BadSettings) as refused:
        load({}, [conf], {"OS_OVN__BFD_MULT": "-1"})
    found = {(bad.source, bad.group, bad.name) for bad in refused.value.values}
    assert found == {
        (str(conf), "DEFAULT", "bind_port"),
        (str(conf), "DEFAULT", "base_mac"),
        (str(conf), "DEFAULT", "auth_strategy"),
        (str(conf), "DEFAULT", "bind_host"),
        (str(conf), "ml2", "overlay_ip_version"),
        (str(conf), "quotas", "quota_widget"),
        ("environment", "ovn", "bfd_mult"),
    }
    assert f"{conf}: [DEFAULT] base_mac: '01:00:00:00:00:00' is a multicast address" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("bind_port = 1\n", "line 1: an option outside of any"),
        ("[DEFAULT\n", "line 1: "),
        (f"[DEFAULT]\n{CANARY}\n", "line 2: "),
        (b"[DEFAULT]\nx = \xff\n", "is not text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_but_not_quoted(conf: Path, content: str | bytes, reason: str) -> None:
    conf.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadSettings) as refused:
        load({}, [conf])
    assert str(conf) in str(refused.value)
    assert reason in str(refused.value)
    assert CANARY not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        load({}, [tmp_path / "absent.conf"])


def test_references_between_options(conf: Path) -> None:
    conf.write_text(
        "[DEFAULT]\nstate_path = /srv/w\ndns_domain = ${oslo_policy.policy_file}.$bind_port.x$$y\n"
        "[oslo_policy]\npolicy_file = $state_path/p.yaml\npolicy_dirs = $state_path/a,$state_path/b\n"
    )
    settings, _ = load({}, [conf])
    assert settings.default.dns_domain == "/srv/w/p.yaml.9696.x$y"
    assert settings.oslo_policy.policy_dirs == ("/srv/w/a", "/srv/w/b")
    conf.write_text("[DEFAULT]\ndns_domain = $host\nhost = $dns_domain\n")
    with pytest.raises(BadSettings, match="refers to itself"):
        load({}, [conf])


def test_flags_and_environment_are_taken_literally() -> None:
    url = "postgresql://u:pa$$w0rd$x@db/w"
    settings, _ = load({"db": url})
    assert settings.database.connection.reveal() == url
    settings, _ = load({}, [], {"OS_DATABASE__CONNECTION": url})
    assert settings.database.connection.reveal() == url


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, "embedded"),
        ({"ovn": "none"}, "none"),
        ({"ovn": "embedded"}, "embedded"),
        ({"ovn_nb": "tcp:10.0.0.1:6641", "ovn_sb": "tcp:10.0.0.1:6642"}, "remote"),
        ({"ovn.ovn_nb_connection": "unix:/run/nb"}, "remote"),
    ],
)
def test_which_ovn(flags: Mapping[str, str], expected: str) -> None:
    assert load(flags)[0].ovn.connection == expected


@pytest.mark.parametrize(
    ("content", "flags", "expected"),
    [
        ("", {}, "basic"),
        ("[keystone_authtoken]\nauth_url = http://ks\n", {}, "keystone"),
        ("[keystone_authtoken]\nauth_url = http://ks\n", {"auth": "noauth"}, "noauth"),
        ("[DEFAULT]\nauth_strategy = keystone\n", {}, "keystone"),
    ],
)
def test_which_authentication(conf: Path, content: str, flags: Mapping[str, str], expected: str) -> None:
    conf.write_text(content)
    assert load(flags, [conf])[0].default.auth_strategy == expected


def test_state_is_kept_where_the_user_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    settings, _ = load({}, [], {"HOME": "/home/ada"})
    assert settings.default.state_path == Path("/home/ada/.local/state/wovenet")
    assert settings.database.connection.reveal() == "sqlite:////home/ada/.local/state/wovenet/wovenet.db"
    assert load({}, [], {"HOME": "/h", "XDG_STATE_HOME": "/s"})[0].default.state_path == Path("/s/wovenet")
    assert load({"state_dir": "/x"}, [], {})[0].default.state_path == Path("/x")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert load({}, [], {"HOME": "/root"})[0].default.state_path == Path("/var/lib/wovenet")


def test_policy_files_are_found_beside_the_configuration(conf: Path) -> None:
    conf.write_text("")
    assert load({}, [conf])[0].policy_path("policy.yaml") == conf.parent / "policy.yaml"
    assert load({"state_dir": "/x"})[0].policy_path("policy.yaml") == Path("/x/policy.yaml")
    assert load({"state_dir": "/x"})[0].policy_path("/etc/p.yaml") == Path("/etc/p.yaml")


def test_settings_do_not_change() -> None:
    settings, _ = load()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.default.bind_port = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.ml2.physical_network_mtus["a"] = 1  # type: ignore[index]


def test_secrets_are_not_shown(conf: Path, caplog: pytest.LogCaptureFixture) -> None:
    conf.write_text(
        f"[DEFAULT]\ntransport_url = rabbit://u:{CANARY}@mq\n[database]\nconnection = mysql://u:{CANARY}@db/n\n"
        f"[placement]\npassword = {CANARY}\n[keystone_authtoken]\nmemcache_secret_key = {CANARY}\n"
        f"[nova]\npassword = {CANARY}\n"
    )
    settings, _ = load({}, [conf])
    secret = settings.database.connection
    logging.getLogger("test").warning("%s %r %s", settings, secret, [secret])
    shown = (
        f"{settings} {settings!r} {secret} {secret:>10} {secret!r} {'%s' % secret} {dataclasses.asdict(Pair(secret))}"  # noqa: UP031
    )
    assert CANARY not in shown + caplog.text
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert CANARY in secret.reveal()
    assert (Secret("a") == Secret("a"), Secret("a") == "a", bool(Secret(""))) == (True, False, False)


@dataclasses.dataclass(frozen=True)
class Pair:
    secret: object


@pytest.mark.parametrize("group", GROUPS)
def test_every_option_is_described(group: str) -> None:
    options = declared(GROUPS[group][1])
    assert options
    for name, option in options.items():
        assert option.doc.endswith("."), name
        suffix = name.rpartition("_")[2]
        if suffix in ("s", "bytes"):
            assert option.unit == suffix


@pytest.mark.parametrize("group", GROUPS)
def test_defaults_are_neutrons_or_say_why_not(group: str) -> None:
    peer = peer_options().get(group, {})
    values = GROUPS[group][1]()
    for name, option in declared(GROUPS[group][1]).items():
        own = getattr(values, name)
        known = peer.get(name, own)
        if isinstance(known, list):
            known = tuple(known)
        if own != known:
            assert option.differs, f"[{group}] {name}: {own!r} is not {known!r}"
        else:
            assert not (option.differs and name in peer) or own is None, f"[{group}] {name} does not differ"


def test_every_default_survives_its_own_reading() -> None:
    for _, cls in GROUPS.values():
        for entry in dataclasses.fields(cls):
            if OPTION in entry.metadata:
                value = getattr(cls(), entry.name)
                text = ",".join(value) if isinstance(value, tuple) else value
                if text is not None and not isinstance(text, Mapping):
                    assert entry.metadata[OPTION].convert(text if isinstance(text, Secret) else str(text)) == value


UNREAD: Mapping[str, str] = {
    "DEFAULT": "transport_url filter_validation dvr_base_mac dhcp_lease_duration default_availability_zones "
    "max_routes vlan_qinq enable_new_agents network_auto_schedule dhcp_agents_per_network router_distributed l3_ha "
    "max_l3_agents_per_router enable_snat_by_default enable_default_route_ecmp enable_default_route_bfd",
    "securitygroup": "enable_security_group permitted_ethertypes",
    "ml2": "mechanism_drivers extension_drivers tunnelled_network_rp_name",
    "ovn": "ovsdb_retry_max_interval ovn_l3_scheduler mac_binding_age_threshold ovn_router_indirect_snat "
    "stateless_nat_enabled ha_failover_strategy ovn_emit_need_to_frag",
}
"""Options that are accepted and that nothing reads yet. This list may only shrink."""
SOURCE = Path(wovenet.__file__).parent


def _read_names() -> frozenset[str]:
    """Every attribute that the program reads of anything."""
    names = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
    return frozenset(names)


READ = _read_names()


@pytest.mark.parametrize("group", GROUPS)
def test_every_option_is_read(group: str) -> None:
    options = {name for name in declared(GROUPS[group][1]) if not name.startswith("quota_")}  # by `quotas.limit`
    unread = options - READ
    known = set(UNREAD.get(group, "").split())
    assert unread - known == set(), "an option that nothing reads promises what is not there"
    assert known - unread == set(), "is read now: take it off the list"


@pytest.mark.parametrize(
    ("lines", "is_told"),
    [
        ("", False),
        ("[nova]\nregion_name = here\n", False),
        ("[nova]\nauth_url = http://keystone\n", True),
        ("[nova]\nauth_section = keystone_authtoken\n", True),
        ("[nova]\nendpoint_override = http://nova/v2.1\n", True),
        ("[nova]\nauth_url = http://keystone\n[ovn]\nconnection = none\n", False),
        (
            "[nova]\nauth_url = http://keystone\n"
            "[DEFAULT]\nnotify_nova_on_port_status_changes = false\nnotify_nova_on_port_data_changes = false\n",
            False,
        ),
    ],
)
def test_compute_is_told_where_it_can_be_found(tmp_path: Path, lines: str, *, is_told: bool) -> None:
    conf = tmp_path / "neutron.conf"
    conf.write_text(lines)
    assert load({}, [conf])[0].tells_compute is is_told
