"""The DHCP clients of instances: ISC dhclient with a configuration and a script of our own."""

import shlex
import sys
from pathlib import Path

from wovenet.embedded import process
from wovenet.lab import dhcp_script, namespace
from wovenet.lab.values import Instance

INTERFACE = "eth0"

# Short pauses between attempts: the network under test may become ready a moment after the client has started.
_CONFIGURATION = """\
option rfc3442-classless-static-routes code 121 = array of unsigned integer 8;
request subnet-mask, broadcast-address, routers, interface-mtu, rfc3442-classless-static-routes,
        domain-name, domain-name-servers, dhcp6.name-servers, dhcp6.domain-search;
timeout 10;
retry 1;
select-timeout 0;
initial-interval 1;
backoff-cutoff 2;
"""


def prepare(directory: Path) -> None:
    """`directory` has the configuration and the script that the clients use."""
    (directory / "dhclient.conf").write_text(_CONFIGURATION)
    script = directory / "dhclient-script"
    program = shlex.join([sys.executable, "-IS", str(Path(dhcp_script.__file__).resolve())])
    script.write_text(f"#!/bin/sh\nexec {program}\n")
    script.chmod(0o755)


def start(instance: Instance, directory: Path, *, common: Path, version: int) -> None:
    """A client for IPv`version` runs in the instance until the instance is removed, and keeps its lease in `directory`.

    In: `common`, where `prepare` put the files for all instances.
    """
    files = {
        "-cf": common / "dhclient.conf",
        "-sf": common / "dhclient-script",
        "-lf": directory / f"dhclient{version}.leases",
        "-pf": directory / f"dhclient{version}.pid",
    }
    options = [word for option, file in files.items() for word in (option, str(file))]
    argv = ["dhclient", f"-{version}", "-nw", *options, "-e", f"WOVENET_INSTANCE={directory}", INTERFACE]
    process.run(namespace.command(instance.namespace, argv), env={"PATH": process.search_path()})
