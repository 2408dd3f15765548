"""What a newcomer does first: the demo, then instances of their own."""

import io

from rich.console import Console

from tests.e2e.harness import Deployment
from wovenet.lab import demo
from wovenet.lab.lab import Lab
from wovenet.lab.rest import Rest


def _demo(deployment: Deployment) -> tuple[demo.DemoResult, str]:
    shown = io.StringIO()
    console = Console(file=shown, width=200)
    return demo.run(deployment.lab, deployment.rest, console, clouds_file=deployment.clouds_file), shown.getvalue()


def test_the_demo_passes_every_check_and_a_second_run_finds_its_data(deployment: Deployment, rest: Rest) -> None:
    first, shown = _demo(deployment)
    assert [check.what for check in first.checks if not check.passed] == []
    assert len(first.checks) == 6
    assert f"export OS_CLIENT_CONFIG_FILE={deployment.clouds_file}" in shown
    collections = ("networks", "subnets", "ports", "security-groups", "security-group-rules")
    made = {name: {each["id"] for each in rest.list(name)} for name in collections}

    again, _ = _demo(deployment)
    assert again.ok
    assert again.addresses == first.addresses
    assert {name: {each["id"] for each in rest.list(name)} for name in collections} == made


def test_an_instance_on_a_new_port_goes_with_its_port(deployment: Deployment, lab: Lab, rest: Rest) -> None:
    _demo(deployment)
    booted = deployment.command("lab", "boot", "mine", "--network", demo.NETWORK, "--security-group", demo.OPEN_GROUP)
    assert booted.returncode == 0, booted.stderr
    port = rest.show("ports", lab.instance("mine").port.id)
    (fixed,) = port["fixed_ips"]
    assert fixed["ip_address"] in booted.stdout
    assert port["binding:host_id"] == lab.instance("mine").hypervisor
    pinged = deployment.command("lab", "exec", "mine", "--", "ping", "-c1", "-w5", demo_address(deployment))
    assert pinged.returncode == 0, pinged.stdout + pinged.stderr
    assert deployment.command("lab", "rm", "mine").returncode == 0
    assert rest.list("ports", id=port["id"]) == []
    assert "mine" not in deployment.command("lab", "list").stdout


def test_an_instance_on_a_given_port_gives_it_back(deployment: Deployment, lab: Lab, rest: Rest) -> None:
    _demo(deployment)
    (network,) = rest.list("networks", name=demo.NETWORK)
    given = rest.create("ports", {"network_id": network["id"], "name": "given"})
    try:
        booted = deployment.command("lab", "boot", "guest", "--port", "given", "--host", "hv2")
        assert booted.returncode == 0, booted.stderr
        taken = deployment.command("lab", "boot", "thief", "--port", "given")
        assert f"guest is booted on port {given['id']}" in taken.stderr
        assert rest.show("ports", given["id"])["binding:host_id"] == "hv2"
        assert deployment.command("lab", "rm", "guest").returncode == 0
        free = rest.show("ports", given["id"])
        assert (free["binding:host_id"], free["device_id"], free["device_owner"]) == ("", "", "")
    finally:
        rest.delete("ports", given["id"])


def demo_address(deployment: Deployment) -> str:
    (fixed,) = deployment.lab.instance("web1").port.fixed_ips
    return fixed.address
