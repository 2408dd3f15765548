"""What Neutron answered and wrote to OVN is what we answer and write, but for what `allowed.yaml` agrees to.

Each scenario starts from an empty deployment, with a real Northbound database behind it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.client import PROJECTS, Client
from tests.databases import server_directory
from tests.deployment import deployment
from tests.ovsdb_servers import Server
from tests.peer import compare, play, record, rules, scenario
from tests.peer.compare import Difference
from tests.peer.endpoint import NONE, Answer, Endpoint, Identity
from wovenet.resources import host
from wovenet.resources.host.facts import of_chassis
from wovenet.store.tx import Tx

URL = "http://127.0.0.1:9696"
AGENTS = {"hv1": "197e5210-ae92-56fc-bc79-19e4f004ca9c", "hv2": "e629baa9-911c-5f24-b63c-2f8a9fb93ece"}
CONFIG = {"ovn-bridge-mappings": "physnet1:br-ex", "ovn-cms-options": "enable-chassis-as-gw,availability-zones=nova"}
SCENARIOS = [script for collection in scenario.collections() for script in scenario.load(collection)]


@dataclass(frozen=True)
class InProcess(Endpoint):
    """A service in the test's own process: who asks is said by headers."""

    client: Client | None = None

    def ask(
        self, method: str, path: str, *, who: str = "admin", text: str | None = None, headers: Mapping[str, str] = NONE
    ) -> Answer:
        assert self.client is not None
        raw = None if text is None else text.encode()
        answer = self.client.ask(method, path, who=who, raw=raw, headers=headers)
        content_type = answer.headers.get("content-type", "").split(";")[0]
        return Answer(answer.status, content_type, answer.body if answer.body is not None else answer.text or None)


class Stages:
    """Plays scenarios, each once and each on a deployment of its own."""

    def __init__(self, northbound: Server) -> None:
        self._northbound = northbound
        self._found: dict[str, list[Difference]] = {}

    def differences(self, script: scenario.Scenario) -> list[Difference]:
        """What is not as recorded, but for what rules explain."""
        where = f"{script.collection}/{script.name}"
        if where not in self._found:
            expected = record.read(script.collection)[script.name]
            got = self._played(script, expected)
            plain = rules.without_revisions(expected), rules.without_revisions(got)
            self._found[where] = rules.left(compare.of_steps(where, *plain))
        return self._found[where]

    def _played(self, script: scenario.Scenario, expected: Sequence[play.Told]) -> list[play.Told]:
        identities = {who: Identity(project=project) for who, project in PROJECTS.items()}
        with server_directory("peer") as directory, deployment(directory, nb=self._northbound) as cloud:
            cloud.store.write(_report_hosts)
            service = InProcess(URL, identities, self._northbound.remote, hosts=True, client=cloud.client)
            got = play.play(script, service, expected)
            assert cloud.complaints() == []
            return got


@pytest.fixture(scope="module")
def stages(northbound: Server) -> Iterator[Stages]:
    with pytest.MonkeyPatch.context() as patch:
        # What a request has written is in the Northbound when it is answered: nothing has to be awaited.
        patch.setattr(play, "SETTLE_S", 0)
        patch.setattr(play, "QUIET_S", 0)
        yield Stages(northbound)


def _report_hosts(tx: Tx) -> None:
    for name, agent_id in AGENTS.items():
        facts = of_chassis(name, name, config=CONFIG, encaps=[("geneve", "127.0.0.1")])
        assert facts is not None
        host.report(tx, facts)
        host.heard(tx, name, nb_cfg=1, metadata_agent_id=agent_id, metadata_nb_cfg=1)


@pytest.mark.parametrize("script", SCENARIOS, ids=lambda script: f"{script.collection}/{script.name}")
def test_recorded(script: scenario.Scenario, stages: Stages) -> None:
    left, _ = compare.split(stages.differences(script), compare.allowances())
    assert not left, "\n".join(map(str, left))


def test_nothing_is_allowed_that_does_not_occur(stages: Stages) -> None:
    found = [difference for script in SCENARIOS for difference in stages.differences(script)]
    _, idle = compare.split(found, compare.allowances())
    assert idle == []
