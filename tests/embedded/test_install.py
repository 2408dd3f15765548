"""Installing from packages: what is missing, what is run, and that no service of the distribution starts."""

import os
from pathlib import Path

import pytest

from wovenet.embedded import install

APT = """#!/bin/sh
echo "$*" >>"{log}"
echo "policy: $(sh "{policy}" >/dev/null 2>&1; echo $?) runlevel: $RUNLEVEL frontend: $DEBIAN_FRONTEND" >>"{log}"
case "$*" in
*install*) for program in {programs}; do printf '#!/bin/sh\\n' >"{bin}/$program"; chmod +x "{bin}/$program"; done ;;
esac
exit {status}
"""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a shell and nothing else: the folder that is its whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("sh", "chmod"):
        (folder / program).symlink_to(Path("/bin") / program)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(install, "search_path", lambda: str(folder))
    monkeypatch.setattr(install, "POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(install, "_SYSTEMD", tmp_path / "no-systemd")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folder


def _give_apt(bare: Path, *, programs: str = "", status: int = 0) -> Path:
    """An apt-get that says to the answered file what it was asked, and makes `programs` appear."""
    log = bare.parent / "apt.log"
    apt = bare / "apt-get"
    apt.write_text(APT.format(log=log, policy=install.POLICY, programs=programs, bin=bare, status=status))
    apt.chmod(0o755)
    return log


def test_on_this_machine_nothing_is_missing_and_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    assert install.missing("lab") == []
    monkeypatch.setattr(install, "_apt", None)
    assert install.ensure("lab") == []


def test_missing_packages_are_named_once(bare: Path) -> None:
    assert install.missing("central") == ["openvswitch-common", "ovn-central", "ovn-common", "util-linux"]
    assert {"ovn-host", "ethtool", "isc-dhcp-client"} < set(install.missing("lab"))


def test_installing_keeps_services_down_and_leaves_no_policy_behind(bare: Path) -> None:
    log = _give_apt(bare, programs=" ".join(install.PROGRAMS["central"]))
    assert install.ensure("central") == ["openvswitch-common", "ovn-central", "ovn-common", "util-linux"]
    update, at_update, installation, at_installation = log.read_text().splitlines()
    assert update.endswith("update")
    assert installation.endswith("--no-install-recommends openvswitch-common ovn-central ovn-common util-linux")
    assert at_update == at_installation == "policy: 101 runlevel: 1 frontend: noninteractive"
    assert not install.POLICY.exists()
    assert install.ensure("central") == []


def test_a_policy_that_the_machine_has_is_respected(bare: Path) -> None:
    install.POLICY.write_text("#!/bin/sh\nexit 7\n")
    log = _give_apt(bare, programs=" ".join(install.PROGRAMS["central"]))
    install.ensure("central")
    assert "policy: 7" in log.read_text()
    assert install.POLICY.read_text() == "#!/bin/sh\nexit 7\n"


def test_a_policy_of_an_interrupted_installation_is_removed(bare: Path) -> None:
    install.POLICY.write_text(f"#!/bin/sh\n{install._MARK}\nexit 101\n")
    _give_apt(bare, programs=" ".join(install.PROGRAMS["central"]))
    install.ensure("central")
    assert not install.POLICY.exists()


def test_a_failure_of_apt_is_told_and_leaves_no_policy_behind(bare: Path) -> None:
    _give_apt(bare, status=100)
    with pytest.raises(install.CannotInstall, match=r"apt-get .*update"):
        install.ensure("central")
    assert not install.POLICY.exists()


def test_programs_that_stay_missing_are_told(bare: Path) -> None:
    _give_apt(bare, programs="setpriv ovn-northd")
    with pytest.raises(install.CannotInstall, match="not found: openvswitch-common, ovn-common"):
        install.ensure("central")


def test_without_root_the_command_is_said(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _give_apt(bare)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(install.CannotInstall, match="as root: apt-get install --no-install-recommends openvswitch"):
        install.ensure("central")


def test_without_apt_the_programs_are_said(bare: Path) -> None:
    with pytest.raises(install.CannotInstall, match=r"missing: openvswitch-common, .* no apt-get"):
        install.ensure("central")
