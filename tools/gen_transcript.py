"""Writes docs/transcript.md: what the unmodified `openstack` client prints on a fresh deployment with a lab.

python tools/gen_transcript.py STATE_DIR     (a running `wovenet up --lab 2`)
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
COMMANDS = (
    "openstack --os-cloud wovenet extension list --network -c Alias -c Name",
    "openstack --os-cloud wovenet network agent list -c 'Agent Type' -c Host -c Alive -c State -c Binary",
    "openstack --os-cloud wovenet network create blue",
    "openstack --os-cloud wovenet subnet create --network blue --subnet-range 10.30.0.0/24 "
    "--dns-nameserver 9.9.9.9 blue4",
    "openstack --os-cloud wovenet subnet create --network blue --ip-version 6 --subnet-range 2001:db8:30::/64 "
    "--ipv6-ra-mode dhcpv6-stateful --ipv6-address-mode dhcpv6-stateful blue6",
    "openstack --os-cloud wovenet security group create web",
    "openstack --os-cloud wovenet security group rule create --protocol tcp --dst-port 80 web",
    "openstack --os-cloud wovenet security group rule create --protocol icmp --remote-group web web",
    "openstack --os-cloud wovenet security group rule list web",
    "openstack --os-cloud wovenet port create --network blue --security-group web p1",
    "openstack --os-cloud wovenet port set --description 'the first' --tag red p1",
    "openstack --os-cloud wovenet port list --tags red",
    "wovenet lab boot one --port p1 --host hv1 --state-dir {state}",
    "wovenet lab boot two --network blue --security-group web --host hv2 --state-dir {state}",
    "openstack --os-cloud wovenet port list --network blue --long -c Name -c Status -c 'Fixed IP Addresses'",
    "wovenet lab exec --state-dir {state} two -- ping -c 2 -i 0.2 {address}",
    "openstack --os-cloud wovenet network create --provider-network-type flat "
    "--provider-physical-network physnet1 outer",
    "openstack --os-cloud wovenet network delete blue",
    "wovenet audit --state-dir {state}",
    "wovenet lab rm one two --state-dir {state}",
    "openstack --os-cloud wovenet port delete p1",
    "openstack --os-cloud wovenet network delete blue outer",
    "openstack --os-cloud wovenet security group delete web",
)
HEAD = """# The unmodified client at work

Made by `python tools/gen_transcript.py` against `wovenet up --lab 2`: python-openstackclient talks to Wovenet through
the `clouds.yaml` of the state directory; OVN and its packets are real. Ids and times differ from run to run.
"""


def run(command: str, state: Path) -> str:
    """What the command prints, errors included; a failure is part of the transcript."""
    environment = {
        **os.environ,
        "PATH": f"{BIN}:{os.environ.get('PATH', '')}",
        "OS_CLIENT_CONFIG_FILE": str(state / "clouds.yaml"),
        "COLUMNS": "110",
    }
    done = subprocess.run(
        [BIN / (argv := shlex.split(command))[0], *argv[1:]],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.rstrip()


def main() -> None:
    """Runs every command and writes the page."""
    state = Path(sys.argv[1]).absolute()
    page = [HEAD]
    address = ""
    for template in COMMANDS:
        command = template.format(state=state, address=address)
        output = run(command, state)
        if "port list --network blue" in command:
            found = re.search(r"p1.*?ip_address='(10\.30\.0\.\d+)'", output, re.DOTALL)
            address = found.group(1) if found else ""
        shown = command.replace(str(state), "var")
        page.append(f"```console\n$ {shown}\n{output.replace(str(state), 'var')}\n```\n")
    (ROOT / "docs" / "transcript.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
