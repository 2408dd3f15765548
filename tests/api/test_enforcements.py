"""What a list asks of the policy does not grow with the list."""

from collections import Counter
from pathlib import Path

import pytest

from tests.deployment import Deployment, deployment
from wovenet.api import policy


@pytest.mark.parametrize("who", ["admin", "member", "reader", "manager"])
def test_a_longer_list_asks_no_more_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    asked: Counter[str] = Counter()

    def count(owner: type, name: str) -> None:
        original = getattr(owner, name)

        def counting(*arguments: object, **more: object) -> object:
            asked[name] += 1
            return original(*arguments, **more)

        monkeypatch.setattr(owner, name, counting)

    with deployment(tmp_path) as cloud:
        costs = []
        count(policy.Policy, "allows")
        count(policy._Rules, "_settle")
        for number in (5, 60):
            _make(cloud, number)
            cloud.client.ask("GET", "/v2.0/networks", who=who)  # what is settled once is settled
            cloud.client.ask("GET", "/v2.0/ports", who=who)
            asked.clear()
            for collection in ("networks", "ports"):
                answer = cloud.client.ask("GET", f"/v2.0/{collection}", who=who)
                assert len(answer.body[collection]) >= number
            costs.append(dict(asked))
        assert costs[0] == costs[1]
        assert costs[0]["allows"] <= 8


def _make(cloud: Deployment, number: int) -> None:
    """More networks of the member's project, with a port in each."""
    for number_of_it in range(number):
        request = {"network": {"name": str(number_of_it)}}
        network = cloud.client.make("/v2.0/networks", request, who="member")
        cloud.client.make("/v2.0/ports", {"port": {"network_id": network["id"]}}, who="member")
