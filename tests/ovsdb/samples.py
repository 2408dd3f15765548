"""Units of the kinds that Wovenet renders, small: switches, groups, options, ports."""

from collections.abc import Iterable, Mapping
from typing import Any

from wovenet.model.ids import RowUuid, Unit
from wovenet.ovn.apply import Applied, Applier, Change, Outcome
from wovenet.ovn.client import Client
from wovenet.ovn.rows import NOTHING, Desired, Known, Link, Ref, Row, Value, row_uuid

LOCK = "wovenet"


def network(name: str, **ids: str) -> tuple[Unit, Desired]:
    unit = Unit("network", name)
    columns: dict[str, Value] = {"name": name, "external_ids": {"neutron:network_name": name, **ids}}
    return unit, Desired((Row("Logical_Switch", switch_uuid(name), columns),))


def group(name: str) -> tuple[Unit, Desired]:
    """A group with a rule: the rule lives by the group's own column."""
    unit = Unit("security_group", name)
    rule = row_uuid("ACL", unit, "rule")
    columns: dict[str, Value] = {
        "direction": "to-lport",
        "priority": 1002,
        "match": "ip4",
        "action": "allow-related",
        "log": False,
        "external_ids": {"neutron:rule": name},
    }
    acl = Row("ACL", rule, columns)
    return unit, Desired((Row("Port_Group", group_uuid(name), {"name": name, "acls": frozenset({Ref(rule)})}), acl))


def options(name: str) -> tuple[Unit, Desired]:
    unit = Unit("subnet", name)
    row = Row("DHCP_Options", options_uuid(name), {"cidr": "10.0.0.0/24", "options": {"lease_time": "43200"}})
    return unit, Desired((row,))


def port(
    name: str, network: str, groups: Iterable[str] = (), *, dhcp: str | None = None, enabled: bool = True
) -> tuple[Unit, Desired]:
    unit = Unit("port", name)
    uuid = port_uuid(name)
    columns: dict[str, Value] = {
        "name": name,
        "enabled": enabled,
        "addresses": frozenset({f"fa:16:3e:00:00:01 {name}"}),
        "dhcpv4_options": frozenset() if dhcp is None else Ref(options_uuid(dhcp)),
    }
    links = [Link("Logical_Switch", switch_uuid(network), "ports", uuid)]
    links += [Link("Port_Group", group_uuid(one), "ports", uuid) for one in groups]
    return unit, Desired((Row("Logical_Switch_Port", uuid, columns),), tuple(links))


def gone(unit: Unit) -> tuple[Unit, Desired]:
    return unit, NOTHING


def switch_uuid(name: str) -> RowUuid:
    return row_uuid("Logical_Switch", Unit("network", name))


def group_uuid(name: str) -> RowUuid:
    return row_uuid("Port_Group", Unit("security_group", name))


def options_uuid(name: str) -> RowUuid:
    return row_uuid("DHCP_Options", Unit("subnet", name))


def port_uuid(name: str) -> RowUuid:
    return row_uuid("Logical_Switch_Port", Unit("port", name))


class Site:
    """A client that holds the lock, and a ledger kept as the controller keeps it."""

    def __init__(self, client: Client) -> None:
        assert client.lock(LOCK)
        self.client = client
        self.applier = Applier(client, lock=LOCK)
        self.ledger: dict[Unit, Known] = {}

    def apply(
        self,
        *units: tuple[Unit, Desired],
        suspect: bool = False,
        aliases: Mapping[RowUuid, RowUuid] | None = None,
    ) -> dict[Unit, Outcome]:
        changes = [Change(unit, desired, self.ledger.get(unit, Known()), suspect) for unit, desired in units]
        outcomes = self.applier.apply(changes, aliases=aliases or {})
        assert outcomes.keys() == {unit for unit, _ in units}
        for unit, outcome in outcomes.items():
            if isinstance(outcome, Applied):
                self.ledger[unit] = outcome.known
        return outcomes

    def settle(self, *units: tuple[Unit, Desired], suspect: bool = False) -> None:
        """Applies units that must be taken without any recovery."""
        outcomes = self.apply(*units, suspect=suspect)
        assert all(isinstance(outcome, Applied) for outcome in outcomes.values()), outcomes
        if not suspect:
            assert not any(isinstance(outcome, Applied) and outcome.recovered for outcome in outcomes.values())

    def rows(self, table: str, *columns: str) -> list[dict[str, Any]]:
        [result] = self.client.transact(
            [{"op": "select", "table": table, "where": [], "columns": list(columns or ["_uuid"])}]
        )
        rows: list[dict[str, Any]] = result["rows"]
        return rows

    def members(self, table: str, name: str, column: str = "ports") -> set[str]:
        select = {"op": "select", "table": table, "where": [["name", "==", name]], "columns": [column]}
        [result] = self.client.transact([select])
        [row] = result["rows"]
        value = row[column]
        return {one[1] for one in (value[1] if value[0] == "set" else [value])}
