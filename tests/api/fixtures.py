"""Named states that a YAML file starts from (`fixtures:` in it), besides an empty deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from gabbi import fixture

from tests.deployment import Deployment
from wovenet.resources import host
from wovenet.resources.host.facts import of_chassis
from wovenet.store.tx import Tx

METADATA_AGENTS = {"hv1": "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a01", "hv2": "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a02"}


class _Current:
    """The deployment that the running file talks to."""

    deployment: ClassVar[Deployment | None] = None


@contextmanager
def using(deployment: Deployment) -> Iterator[None]:
    """Fixtures are about `deployment`."""
    _Current.deployment = deployment
    try:
        yield
    finally:
        _Current.deployment = None


class Hosts(fixture.GabbiFixture):  # type: ignore[misc]
    """Two hosts that live, with both of their agents: `hv1`, in zone `nova` and connected to `physnet1`, and `hv2`."""

    def start_fixture(self) -> None:
        assert _Current.deployment is not None
        _Current.deployment.store.write(_report_hosts)


_HV1 = {"ovn-bridge-mappings": "physnet1:br-ex", "ovn-cms-options": "availability-zones=nova:az2"}


def _report_hosts(tx: Tx) -> None:
    for name, config in (("hv1", _HV1), ("hv2", {})):
        facts = of_chassis(name, name, config=config, encaps=[("geneve", "127.0.0.1")])
        assert facts is not None
        host.report(tx, facts)
        host.heard(tx, name, nb_cfg=1, metadata_agent_id=METADATA_AGENTS[name], metadata_nb_cfg=1)
