"""`python -m bench.takeover`: how long the taking over of a Neutron takes, and how much memory.

A database with Neutron's tables is made on a private MariaDB, with as many ports as asked for; `wovenet import neutron`
runs as a process of its own and fills a SQLite database.
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.databases import MariaDB, server_directory
from tests.takeover import dump

GROUP_SIZE = 200
"""Ports of one network."""
SAMPLE_S = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.takeover", description=__doc__)
    parser.add_argument("--ports", default="1000,10000", help="Numbers of ports, with commas.")
    for ports in map(int, parser.parse_args().ports.split(",")):
        with server_directory("mariadb") as directory:
            server = MariaDB(directory)
            try:
                with server.fresh() as url:
                    dump.load_tables(url, _cloud(ports))
                    _say(ports, *_measured(url))
            finally:
                server.stop()


def _measured(url: str) -> tuple[float, float]:
    """Seconds, and the most MB that the process had."""
    with tempfile.TemporaryDirectory() as directory:
        program = Path(sys.executable).with_name("wovenet")
        began = time.perf_counter()
        command = [str(program), "import", "neutron", "--db", url, "--state-dir", directory]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        most_mb = 0.0
        while process.poll() is None:
            most_mb = max(most_mb, _most_mb(process.pid))
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(SAMPLE_S)
        took_s = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"the taking over ended with status {process.returncode}")
    return took_s, most_mb


def _most_mb(pid: int) -> float:
    """The most that the process had until now. (What `wait4` says counts what its parent had when it forked.)"""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _say(ports: int, took_s: float, most_mb: float) -> None:
    sys.stdout.write(f"{ports} ports: {took_s:.1f} s, {ports / took_s:.0f} ports/s, at most {most_mb:.0f} MB\n")


def _cloud(ports: int) -> dump.Dump:
    """The recorded database, with `ports` more ports of one group on networks of `GROUP_SIZE`."""
    found = dump.read()
    tables = found["tables"]
    groups = tables["securitygroups"]
    group_id = groups["rows"][0][list(groups["columns"]).index("id")]
    last = max(row[0] for row in tables["standardattributes"]["rows"])
    for number in range(ports):
        network = number // GROUP_SIZE
        if number % GROUP_SIZE == 0:
            last += 2
            _copy(tables, "networks", {"id": _id("n", network), "standard_attr_id": last - 1})
            for attributes in (last - 1, last):
                _copy(tables, "standardattributes", {"id": attributes})
            _copy(tables, "subnets", {
                "id": _id("s", network), "network_id": _id("n", network), "cidr": f"10.{network % 200}.0.0/16",
                "standard_attr_id": last,
            })  # fmt: skip
        last += 1
        _port(tables, number, last, group_id)
    return found


def _port(tables: dump.Dump, number: int, attributes: int, group_id: str) -> None:
    network, place = divmod(number, GROUP_SIZE)
    own = {"id": _id("p", number), "port_id": _id("p", number), "network_id": _id("n", network)}
    mac = f"fa:16:{number >> 24:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    _copy(tables, "ports", {**own, "mac_address": mac, "standard_attr_id": attributes})
    address = f"10.{network % 200}.{1 + place // 250}.{place % 250 + 2}"
    _copy(tables, "ipallocations", {**own, "subnet_id": _id("s", network), "ip_address": address})
    _copy(tables, "securitygroupportbindings", {**own, "security_group_id": group_id})
    _copy(tables, "ml2_port_bindings", own)
    _copy(tables, "standardattributes", {"id": attributes})


def _copy(tables: dump.Dump, table: str, values: dict[str, object]) -> None:
    """One more row of `table`: as its first one, but for `values`."""
    columns = list(tables[table]["columns"])
    row = dict(zip(columns, tables[table]["rows"][0], strict=True))
    row.update({name: value for name, value in values.items() if name in row})
    tables[table]["rows"].append([row[name] for name in columns])


def _id(kind: str, number: int) -> str:
    return f"{ord(kind):08x}-0000-4000-8000-{number:012x}"


if __name__ == "__main__":
    main()
