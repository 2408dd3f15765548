"""An OVN that somebody else runs, by TCP and TLS, one server and several; and none at all."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.ovsdb_servers import NB, SB, Server, certificates, serving
from tests.running import Running, free_port, running, until


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def _names(server: Server) -> set[str]:
    client = server.client()
    try:
        select = {"op": "select", "table": "Logical_Switch_Port", "where": [], "columns": ["name"]}
        (result,) = client.transact([select])
        return {row["name"] for row in result["rows"]}
    finally:
        client.close()


def _make_a_port(cloud: Running) -> str:
    network = cloud.rest.create("networks", {})
    cloud.rest.create("subnets", {"network_id": network["id"], "cidr": "10.4.0.0/24", "ip_version": 4})
    port: str = cloud.rest.create("ports", {"network_id": network["id"]})["id"]
    return port


def _assert_follows(cloud: Running, nb: Server) -> None:
    """What is made is in this OVN, and goes from it."""
    port = _make_a_port(cloud)
    until(lambda: port in _names(nb), "the port in OVN")
    cloud.check()
    assert cloud.command("audit").returncode == 0
    cloud.rest.delete("ports", port)
    until(lambda: port not in _names(nb), "the end of the port in OVN")
    cloud.check()


def _servers(stack: ExitStack, tmp_path: Path, **how: object) -> tuple[Server, Server]:
    found = []
    for schema in (NB, SB):
        directory = tmp_path / schema.name
        directory.mkdir()
        found.append(stack.enter_context(serving(directory, schema, **how)))  # type: ignore[arg-type]
    return found[0], found[1]


def test_servers_by_tcp_which_may_restart(stack: ExitStack, tmp_path: Path) -> None:
    nb, sb = _servers(stack, tmp_path, port=True)
    nobody = f"tcp:127.0.0.1:{free_port()}"
    remotes = [f"{nobody},{server.port_remote}" for server in (nb, sb)]
    flags = ("--ovn-nb", remotes[0], "--ovn-sb", remotes[1])
    cloud = stack.enter_context(running(tmp_path / "state", *flags))
    _assert_follows(cloud, nb)
    assert "ovsdb-server-nb" not in cloud.pids()
    shown = cloud.command("status")
    assert "ovn         remote  connected" in shown.stdout
    nb.restart()
    sb.restart()
    _assert_follows(cloud, nb)
    nb.empty()
    port = _make_a_port(cloud)
    until(lambda: port in _names(nb), "the port in OVN")
    cloud.check()


def test_servers_by_tls_with_the_options_of_a_file(stack: ExitStack, tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    nb, sb = _servers(stack, tmp_path, tls=tls)
    lines = ["[ovn]", f"ovn_nb_connection = {nb.port_remote}", f"ovn_sb_connection = {sb.port_remote}"]
    for database in ("nb", "sb"):
        lines += [
            f"ovn_{database}_private_key = {tls.key_file}",
            f"ovn_{database}_certificate = {tls.certificate_file}",
        ]
        lines += [f"ovn_{database}_ca_cert = {tls.ca_file}"]
    file = tmp_path / "ml2_conf.ini"
    file.write_text("\n".join(lines) + "\n")
    cloud = stack.enter_context(running(tmp_path / "state", "--config-file", str(file)))
    _assert_follows(cloud, nb)


def test_the_leader_of_a_cluster_is_found(stack: ExitStack, tmp_path: Path) -> None:
    directory = tmp_path / "nb"
    directory.mkdir()
    nb = stack.enter_context(serving(directory, NB, clustered=True, port=True))
    (tmp_path / "sb").mkdir()
    sb = stack.enter_context(serving(tmp_path / "sb", SB, port=True))
    flags = ("--ovn-nb", nb.port_remote, "--ovn-sb", sb.port_remote)
    _assert_follows(stack.enter_context(running(tmp_path / "state", *flags)), nb)


def test_rows_of_others_are_left_alone(stack: ExitStack, tmp_path: Path) -> None:
    nb, sb = _servers(stack, tmp_path)
    client = nb.client()
    client.transact([{"op": "insert", "table": "Logical_Switch", "row": {"name": "somebody's"}}])
    cloud = stack.enter_context(running(tmp_path / "state", "--ovn-nb", nb.remote, "--ovn-sb", sb.remote))
    _assert_follows(cloud, nb)
    select = {"op": "select", "table": "Logical_Switch", "where": [["name", "==", "somebody's"]], "columns": ["_uuid"]}
    (result,) = client.transact([select])
    assert len(result["rows"]) == 1
    client.close()


def test_without_ovn_the_api_works_and_ports_are_down(tmp_path: Path) -> None:
    with running(tmp_path / "state", "--ovn", "none") as cloud:
        port = cloud.rest.show("ports", _make_a_port(cloud))
        assert port["status"] == "DOWN"
        assert set(cloud.pids()) == {"supervisor", "api", "api worker"}
        shown = cloud.command("status")
        assert shown.returncode == 0, shown.stdout
        assert "ovn         none" in shown.stdout
        audit = cloud.command("audit")
        assert (audit.returncode, audit.stderr) == (1, "Error: this deployment has no OVN to compare with\n")
