"""The audit that ends every API test bites: a write that forgets to mark a unit is found out."""

from pathlib import Path
from typing import Any

import pytest

from tests.deployment import deployment
from tests.ovsdb_servers import Server
from wovenet.model.ids import Unit
from wovenet.store.tx import Tx

REQUESTS = {
    "network": ("/v2.0/networks/{network}", {"network": {"name": "renamed"}}),
    "network_dns": ("/v2.0/networks/{network}", {"network": {"dns_domain": "zone.example."}}),
    "subnet": ("/v2.0/subnets/{subnet}", {"subnet": {"dns_nameservers": ["192.0.2.53"]}}),
    "port": ("/v2.0/ports/{port}", {"port": {"admin_state_up": False}}),
    "address_group": (
        "/v2.0/address-groups/{address_group}/add_addresses",
        {"addresses": ["192.0.2.0/24"]},
    ),
    "security_group": ("/v2.0/security-groups/{security_group}", {"security_group": {"stateful": False}}),
}
"""Kind of unit → a request that changes what OVN is to know of such a unit, and of no other."""


@pytest.mark.parametrize("kind", sorted(REQUESTS))
def test_a_forgotten_mark_is_found(
    kind: str, state_dir: Path, northbound: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deployment(state_dir, nb=northbound) as cloud:
        made = {"network": cloud.client.make("/v2.0/networks", {"network": {}})["id"]}
        body: dict[str, Any] = {"subnet": {"network_id": made["network"], "ip_version": 4, "cidr": "10.0.0.0/24"}}
        made["subnet"] = cloud.client.make("/v2.0/subnets", body)["id"]
        named = {"port": {"network_id": made["network"], "dns_name": "n", "device_id": "d"}}
        made["port"] = cloud.client.make("/v2.0/ports", named)["id"]
        made["network_dns"] = made["network"]
        made["security_group"] = cloud.client.make("/v2.0/security-groups", {"security_group": {"name": "s"}})["id"]
        made["address_group"] = cloud.client.make("/v2.0/address-groups", {"address_group": {"name": "a"}})["id"]
        assert cloud.complaints() == []

        mark = Tx.mark

        def forget(tx: Tx, unit: Unit, *topics: str) -> None:
            if unit.kind != kind:
                mark(tx, unit, *topics)

        monkeypatch.setattr(Tx, "mark", forget)
        target, change = REQUESTS[kind]
        assert cloud.client.ask("PUT", target.format(**made), change).status == 200
        complaints = cloud.complaints()
        assert [one for one in complaints if made[kind] in one], complaints
