"""The programs of Open vSwitch and OVN on this machine, from the distribution's packages.

Run as a program: `python -m wovenet.embedded.install [central|lab]`.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

from wovenet.embedded.process import search_path

Part = Literal["central", "lab"]

_CENTRAL: Final = {
    "ovsdb-server": "openvswitch-common",
    "ovsdb-tool": "openvswitch-common",
    "ovn-northd": "ovn-central",
    "ovn-nbctl": "ovn-common",
    "setpriv": "util-linux",
}
_LAB: Final = {
    **_CENTRAL,
    "ovs-vswitchd": "openvswitch-switch",
    "ovs-vsctl": "openvswitch-switch",
    "ovn-controller": "ovn-host",
    "dhclient": "isc-dhcp-client",
    "ip": "iproute2",
    "ethtool": "ethtool",
    "ping": "iputils-ping",
}
PROGRAMS: Final[Mapping[Part, Mapping[str, str]]] = {"central": _CENTRAL, "lab": _LAB}
"""Each program that a part runs, and the Debian or Ubuntu package that has it."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Asked by the packages' scripts before they start a service."""

_MARK = "# made by wovenet for one installation"
_SERVICES = frozenset({"openvswitch-switch", "ovn-central", "ovn-host"})
"""The packages whose services, named like them, would start with the machine."""

_SYSTEMD = Path("/run/systemd/system")


class CannotInstall(Exception):  # noqa: N818
    """Programs are missing and may not be installed from here; the text says what to do."""


def missing(part: Part) -> list[str]:
    """The packages whose programs are not on this machine."""
    path = search_path()
    return sorted({package for program, package in PROGRAMS[part].items() if shutil.which(program, path=path) is None})


def ensure(part: Part) -> list[str]:
    """Every program of `part` is installed; answers with the packages that were added.

    Raises: CannotInstall.
    Guarantees: packages that are there are not touched, and no service of the distribution is started, now or at the
    next start of the machine.
    """
    packages = missing(part)
    if not packages:
        return []
    by_hand = f"apt-get install --no-install-recommends {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise CannotInstall(
            f"missing: {', '.join(packages)} (Debian's names), and there is no apt-get here to get them"
        )
    if os.geteuid() != 0:
        raise CannotInstall(f"missing: {', '.join(packages)}. Installing needs root; as root: {by_hand}")
    with _services_stay_down():
        _apt("update")
        _apt("install", "--yes", "--no-install-recommends", *packages)
    services = [package for package in packages if package in _SERVICES]
    if services and _SYSTEMD.exists():
        subprocess.run(["systemctl", "disable", "--quiet", *services], check=False)
    still = missing(part)
    if still:
        raise CannotInstall(f"installed, and yet their programs are not found: {', '.join(still)}")
    return packages


def _apt(*arguments: str) -> None:
    command = ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120", *arguments]
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise CannotInstall(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")


@contextlib.contextmanager
def _services_stay_down() -> Iterator[None]:
    """Packages installed meanwhile do not start their services. A policy that the machine has already is respected."""
    if POLICY.exists() and _MARK not in POLICY.read_text(errors="replace"):
        yield
        return
    POLICY.write_text(f"#!/bin/sh\n{_MARK}\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def main() -> None:
    """Installs what the named part needs (the lab, if none is named) and says what it did."""
    part: Part = "central" if sys.argv[1:] == ["central"] else "lab"
    try:
        added = ensure(part)
    except CannotInstall as reason:
        sys.exit(str(reason))
    sys.stdout.write(f"installed: {', '.join(added)}\n" if added else "nothing is missing\n")


if __name__ == "__main__":
    main()
