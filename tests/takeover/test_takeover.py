"""What a Neutron was recorded to have is taken over: W-, ML-, OV- requirements on migration from it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from tests import ovsdb_servers
from tests.client import Client
from tests.databases import Server as DatabaseServer
from tests.deployment import LIKE_THE_PEER
from tests.takeover import dump, judge
from tests.takeover.judge import changes
from wovenet import serve
from wovenet.api import app, auth
from wovenet.cli import main
from wovenet.model.clock import SystemClock
from wovenet.ovn.apply import Applier
from wovenet.ovn.client import Client as OvsdbClient
from wovenet.ovn.nb import DATABASE
from wovenet.reconcile.controller import catch_up, options_of
from wovenet.reconcile.loop import LOCK, Loop
from wovenet.settings import Settings, load
from wovenet.store.engine import make_engine
from wovenet.takeover import neutron, run, source
from wovenet.takeover.report import Report

DUMP = dump.read()
OTHERS = ("Logical_Router", "Logical_Router_Port", "Logical_Router_Static_Route", "NAT", "QoS", "HA_Chassis_Group")
"""Tables of what is not served here."""
HIDDEN = {
    "networks": {"qos_policy_id", "pvlan", "availability_zones"},
    "security-groups": {"security_group_rules"},  # which are a collection of their own
    "ports": {"qos_policy_id", "qos_network_policy_id", "resource_request", "trunk_details", "pvlan_type",
              "pvlan_community"},
}  # fmt: skip
"""Attributes of what is not served here, and those that follow from the hosts, of which nobody has told yet."""


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def neutron_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The recorded Neutron's database, on both kinds of servers that it runs on."""
    server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    with server.fresh() as url:
        dump.load_tables(url, DUMP)
        yield url


@pytest.fixture
def northbound(tmp_path: Path) -> Iterator[str]:
    """The remote of a Northbound database as Neutron left it."""
    directory = tmp_path / "nb"
    directory.mkdir()
    with ovsdb_servers.serving(directory) as server:
        client = server.client()
        dump.load_northbound(client, DUMP["northbound"])
        client.close()
        yield server.remote


@pytest.fixture
def make_settings(tmp_path: Path) -> Callable[..., Settings]:
    def make(**flags: Any) -> Settings:
        given = {"state_dir": tmp_path, "auth": "noauth", "ovn.dns_servers": ",".join(DUMP["resolvers"])}
        return load({**given, **flags}, [LIKE_THE_PEER])[0]

    return make


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(ovn="none")


def client_of(settings: Settings) -> Client:
    service = serve.service(settings)
    return Client(app.make(service, auth.authenticator(settings, service.policy)))


def follow(settings: Settings, remote: str) -> None:
    """What is marked is in OVN."""
    client = OvsdbClient(remote, database=DATABASE, clock=SystemClock())
    client.connect(dump.CONNECT_S)
    client.lock(LOCK)
    with serve.opened(settings) as kept:
        catch_up(Loop(kept, client, Applier(client, lock=LOCK), options_of(settings).rules))
    client.close()


def rows_of(settings: Settings, table: str) -> int:
    with serve.opened(settings) as kept, kept.read() as tx:
        return int(tx.value(sa.select(sa.func.count()).select_from(sa.table(table))))


def test_every_table_of_neutron_is_named() -> None:
    assert DUMP["tables"].keys() - neutron.named_tables() == set()


def test_every_column_that_is_read_is_there() -> None:
    for left in neutron.LEFT:
        assert {left.id, *left.columns} <= DUMP["tables"][left.table]["columns"].keys(), left.kind


def test_objects_are_the_same_as_before(neutron_url: str, settings: Settings) -> None:
    """Ids, revisions, times and every attribute that is served: what the API shows is what Neutron's showed."""
    serve.import_neutron(settings, neutron_url, dry_run=False)
    client = client_of(settings)
    for collection, objects in DUMP["api"].items():
        answer = client.ask("GET", f"/v2.0/{collection}")
        assert answer.status == 200, answer.text
        [found] = answer.body.values()
        shown = {item["id"]: item for item in found}
        # The service's own project has a default group from the first list on.
        known = {item["id"] for item in objects}
        hidden = HIDDEN.get(collection, set())
        for item in objects:
            expected = {name: value for name, value in item.items() if name in shown[item["id"]] and name not in hidden}
            assert _sorted({name: shown[item["id"]][name] for name in expected}) == _sorted(expected), collection
            missing = item.keys() - shown[item["id"]].keys() - hidden
            assert not missing, f"{collection}: {missing}"
        assert all(item["project_id"] == "ops" for item in found if item["id"] not in known), collection


def _sorted(item: dict[str, Any]) -> dict[str, Any]:
    """Lists in one order: that of some of them is chance."""
    return {
        name: sorted(value, key=lambda one: json.dumps(one, sort_keys=True)) if isinstance(value, list) else value
        for name, value in item.items()
    }


def test_an_address_is_not_handed_out_twice_and_ids_are_not_either(neutron_url: str, settings: Settings) -> None:
    serve.import_neutron(settings, neutron_url, dry_run=False)
    client = client_of(settings)
    subnet = next(one for one in DUMP["api"]["subnets"] if one["name"] == "bare")
    taken = {ip["ip_address"] for port in DUMP["api"]["ports"] for ip in port["fixed_ips"]}
    for _ in range(5):
        made = client.make("/v2.0/ports", {"port": {"network_id": subnet["network_id"]}})
        assert not taken & {ip["ip_address"] for ip in made["fixed_ips"]}
        taken |= {ip["ip_address"] for ip in made["fixed_ips"]}
    used = {network["provider:segmentation_id"] for network in DUMP["api"]["networks"] if "segments" not in network}
    assert client.make("/v2.0/networks", {"network": {}})["provider:segmentation_id"] not in used
    pool = DUMP["api"]["subnetpools"][0]["id"]
    network = client.make("/v2.0/networks", {"network": {}})["id"]
    body = {"network_id": network, "ip_version": DUMP["api"]["subnetpools"][0]["ip_version"], "subnetpool_id": pool}
    assert client.make("/v2.0/subnets", {"subnet": body})["cidr"] not in {one["cidr"] for one in DUMP["api"]["subnets"]}


def test_what_projects_use_is_counted(neutron_url: str, settings: Settings) -> None:
    serve.import_neutron(settings, neutron_url, dry_run=False)
    owner = next(one for one in DUMP["api"]["networks"])["project_id"]
    quota = client_of(settings).ask("GET", f"/v2.0/quotas/{owner}/details.json").body["quota"]
    for name in ("network", "subnet", "port", "security_group", "security_group_rule"):
        objects = DUMP["api"][f"{name.replace('_', '-')}s"]
        assert quota[name]["used"] == sum(one["project_id"] == owner for one in objects), name
    assert quota["port"]["limit"] == 1000


def test_it_says_what_stays_behind(neutron_url: str, settings: Settings) -> None:
    report = serve.import_neutron(settings, neutron_url, dry_run=True)
    left = {one.kind: one.count for one in report.left}
    for kind in ("routers", "floating IPs", "QoS policies", "trunks", "subports"):
        assert left[kind] == 1, kind
    assert report.taken["ports"] == len(DUMP["api"]["ports"])
    assert report.remarks == []


def test_a_dry_run_writes_nothing(neutron_url: str, settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    serve.import_neutron(settings, neutron_url, dry_run=True)
    assert sorted(tmp_path.iterdir()) == before


def test_a_database_with_something_in_it_is_refused(neutron_url: str, settings: Settings) -> None:
    serve.upgrade_database(settings)
    client_of(settings).make("/v2.0/address-scopes", {"address_scope": {"name": "mine", "ip_version": 4}})
    with pytest.raises(serve.Unusable, match="address scopes already"):
        serve.import_neutron(settings, neutron_url, dry_run=False)
    assert rows_of(settings, "networks") == 0


def test_neutrons_own_database_is_not_written_to(neutron_url: str, make_settings: Callable[..., Settings]) -> None:
    """Neither by mistake, when both are named the same, nor at all."""
    with pytest.raises(serve.Unusable, match="not ours"):
        serve.import_neutron(make_settings(ovn="none", db=neutron_url), neutron_url, dry_run=False)
    with source.opened(neutron_url) as found, pytest.raises(sa.exc.DBAPIError, match=r"(?i)read[- ]only"):
        found._connection.execute(sa.text("DELETE FROM tags"))


def test_another_database_is_not_taken_for_neutrons(mariadb_url: str, settings: Settings) -> None:
    with pytest.raises(serve.Unusable, match="no tables of Neutron"):
        serve.import_neutron(settings, mariadb_url, dry_run=False)


def test_all_or_nothing(neutron_url: str, settings: Settings) -> None:
    """A source that breaks off in the middle leaves nothing here."""
    serve.upgrade_database(settings)

    class Broken(source.Source):
        def pages(self, wanted: source.Wanted, size: int = source.PAGE) -> Iterator[list[source.Item]]:
            if wanted.table == "ports":
                raise OSError("the server has gone away")
            return super().pages(wanted, size)

    with source.opened(neutron_url) as found, serve.opened(settings) as kept, pytest.raises(OSError, match="gone away"):
        run.take_over(Broken(found._connection), kept, settings)
    assert rows_of(settings, "networks") == 0
    assert rows_of(settings, "marks") == 0


def test_pages_lose_nothing(neutron_url: str) -> None:
    with source.opened(neutron_url) as found:
        for taken in neutron.TAKEN:
            [small, large] = (
                [item for page in found.pages(taken.wanted, size) for item in page] for size in (3, source.PAGE)
            )
            assert small == large, taken.kind


def test_an_audit_finds_only_what_is_meant(
    neutron_url: str, make_settings: Callable[..., Settings], northbound: str
) -> None:
    """OV: rows that Neutron wrote are found by name, and compared before anybody writes to them."""
    settings = make_settings(ovn_nb=northbound)
    report = serve.import_neutron(settings, neutron_url, dry_run=False)
    assert report.adopted is not None and report.adopted > len(DUMP["api"]["ports"])
    found = serve.audit(settings, repair=False)
    assert not found.is_bound
    unmeant = [one for finding in found.findings for one in finding.differences if not _is_known(one)]
    assert unmeant == []
    assert changes(DUMP["northbound"], dump.northbound(northbound)) == []


def _is_known(difference: Any) -> bool:
    """Whether every key that differs is one that may."""
    column, expected, found = difference.column, difference.expected, difference.found
    if (difference.table, column) in judge.MEANT:
        return True
    if not isinstance(expected, dict) or not isinstance(found, dict):
        return False
    differing = [key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key)]
    return all((difference.table, f"{column}:{key}") in judge.MEANT for key in differing)


def test_a_repair_touches_only_what_is_meant(
    neutron_url: str, make_settings: Callable[..., Settings], northbound: str
) -> None:
    """OV: no row is deleted and made anew, and rows of routers, NAT and QoS are as they were."""
    settings = make_settings(ovn_nb=northbound)
    serve.import_neutron(settings, neutron_url, dry_run=False)
    serve.audit(settings, repair=True)
    after = serve.audit(settings, repair=False)
    assert after.is_bound and after.is_clean, after.findings
    made = changes(DUMP["northbound"], dump.northbound(northbound))
    assert judge.unmeant(made) == []
    assert {change.table for change in made}.isdisjoint(OTHERS)
    assert all(after.strangers.get(table, 0) == 0 for table in ("Logical_Switch", "DHCP_Options", "Address_Set"))


def test_what_is_deleted_later_goes_and_nothing_else(
    neutron_url: str, make_settings: Callable[..., Settings], northbound: str
) -> None:
    """An adopted port is deleted under the uuid that Neutron gave it; the router's ports on its switch stay."""
    settings = make_settings(ovn_nb=northbound)
    serve.import_neutron(settings, neutron_url, dry_run=False)
    serve.audit(settings, repair=True)
    before = dump.northbound(northbound)
    port = next(one for one in DUMP["api"]["ports"] if one["name"] == "plain")
    assert client_of(settings).ask("DELETE", f"/v2.0/ports/{port['id']}").status == 204
    follow(settings, northbound)
    gone = {
        row["name"]
        for row in before["Logical_Switch_Port"]
        if row["_uuid"] not in [one["_uuid"] for one in dump.northbound(northbound)["Logical_Switch_Port"]]
    }
    assert gone == {port["id"]}


def test_the_command(neutron_url: str, tmp_path: Path) -> None:
    arguments = ["import", "neutron", "--db", neutron_url, "--state-dir", str(tmp_path), "--json"]
    runner = CliRunner()
    told = runner.invoke(main, arguments, catch_exceptions=False)
    assert told.exit_code == 0, told.output
    report = Report(**json.loads(told.stdout))
    assert report.taken["networks"] == len(DUMP["api"]["networks"])
    again = runner.invoke(main, arguments)
    assert again.exit_code == 1 and "already" in again.output


def test_any_of_our_databases_can_be_filled(
    database_url: str, mariadb_server: DatabaseServer, make_settings: Callable[..., Settings]
) -> None:
    settings = make_settings(ovn="none", db=database_url)
    with mariadb_server.fresh() as url:
        dump.load_tables(url, DUMP)
        serve.import_neutron(settings, url, dry_run=False)
    assert rows_of(settings, "ports") == len(DUMP["api"]["ports"])
    engine = make_engine(database_url)
    engine.dispose()
