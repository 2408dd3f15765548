"""States and the rows that they are in NB, each case with the reason why: what the peer writes, and where we differ.

A case is `state` (changes to the plain state at the head of its file) and `rows`, or `changes` to the rows of the case
that it is `like`. Only columns that are not empty are listed. `<N>`, `<S>` … are ids, `@…` refers to a row by its role.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from wovenet.model.views import (
    AddressGroupView,
    AddressPairView,
    ChassisGroupView,
    DeploymentView,
    DhcpOptionView,
    FixedIpView,
    HostRoute,
    LogsView,
    NetworkNamesView,
    NetworkView,
    PortView,
    RuleView,
    SecurityGroupView,
    SegmentView,
    SubnetView,
    VirtualView,
)
from wovenet.ovn.rows import Desired, Keys, Ref, Value
from wovenet.ovn.wire import NO_ALIASES, encode
from wovenet.resources.address_group import render as address_group
from wovenet.resources.deployment import render as deployment
from wovenet.resources.external import render as external
from wovenet.resources.names import render as names
from wovenet.resources.network import render as network
from wovenet.resources.port import render as port
from wovenet.resources.security_group import render as security_group
from wovenet.resources.subnet import render as subnet

HERE = Path(__file__).parent
IDS = {
    name: f"{number:08x}-0000-4000-8000-000000000000"
    for number, name in enumerate(
        ("N", "S", "S2", "S6", "P", "SG", "SG2", "SEG", "R1", "R2", "R3", "META", "AG"), start=1
    )
}
DEPLOYMENT = DeploymentView(dns_domain="peer.example.", dns_servers=("10.255.255.53",))


def _ids(text: str) -> str:
    for name, value in IDS.items():
        text = text.replace(f"<{name}>", value).replace(f"<{name}_>", value.replace("-", "_"))
    return text


def _files() -> Iterator[tuple[str, str]]:
    for path in sorted(HERE.glob("*.yaml")):
        content = yaml.safe_load(_ids(path.read_text()))
        for name in content["cases"]:
            yield path.name, name


def _subnet(state: Mapping[str, Any]) -> SubnetView:
    routes = tuple(HostRoute(**route) for route in state["host_routes"])
    return SubnetView(**{**state, "host_routes": routes, "dns_nameservers": tuple(state["dns_nameservers"])})


def _render(kind: str, state: dict[str, Any]) -> Desired:
    if kind == "deployment":
        is_logging = state.pop("is_logging", False)
        told = LogsView(**state.pop("logs", {}))
        return deployment.render(DeploymentView(**state), told, is_logging=is_logging)
    if kind == "network":
        state["segments"] = tuple(SegmentView(*segment) for segment in state["segments"])
        return network.render(NetworkView(**state), DEPLOYMENT)
    if kind == "network_dns":
        state["names"] = tuple((name, address) for name, address in state["names"])
        return names.render(NetworkNamesView(**state), DEPLOYMENT)
    if kind == "network_ha":
        return external.render(ChassisGroupView(state["network_id"], tuple(state["zones"]), tuple(state["chassis"])))
    if kind == "subnet":
        return subnet.render(_subnet(state), DEPLOYMENT)
    if kind == "address_group":
        return address_group.render(AddressGroupView(**{**state, "addresses": tuple(state["addresses"])}))
    if kind == "security_group":
        rule = state.pop("rule", {})
        state["rules"] = tuple(RuleView(**{**rule, **one}) for one in state["rules"])
        state["logs"] = LogsView(**state.get("logs", {}))
        return security_group.render(SecurityGroupView(**state))
    state["fixed_ips"] = tuple(FixedIpView(*one) for one in state["fixed_ips"])
    state["allowed_pairs"] = tuple(AddressPairView(*one) for one in state["allowed_pairs"])
    state["extra_dhcp_opts"] = tuple(DhcpOptionView(*one) for one in state["extra_dhcp_opts"])
    state["own_dhcp"] = tuple(_subnet(one) for one in state["own_dhcp"])
    if "chassis_group" in state:
        network_id, zones, chassis = state["chassis_group"]
        state["chassis_group"] = ChassisGroupView(network_id, tuple(zones), tuple(chassis))
    if "virtual" in state:
        ip_address, parents, host = state["virtual"]
        state["virtual"] = VirtualView(ip_address, tuple(parents), host)
    for name in ("security_group_ids", "capabilities"):
        state[name] = tuple(state[name])
    return port.render(PortView(**state), DEPLOYMENT)


def _labels(desired: Desired) -> dict[str, str]:
    """Roles of the rows: a row's own name where it has one."""
    labels = {
        deployment.DROP_GROUP: "neutron_pg_drop",
        network.switch_uuid(IDS["N"]): "switch",  # type: ignore[arg-type]
        subnet.options_uuid(IDS["S"]): "dhcp S",
        subnet.options_uuid(IDS["S2"]): "dhcp S2",
        subnet.options_uuid(IDS["S6"]): "dhcp S6",
        external.network_group_uuid(IDS["N"]): "chassis of N",
        security_group.group_uuid(IDS["SG"]): "group SG",
        security_group.group_uuid(IDS["SG2"]): "group SG2",
    }
    for number, row in enumerate(desired.rows):
        labels.setdefault(row.uuid, str(row.columns.get("name") or f"{row.table} {number}"))
    return labels


def _plain(value: Value, labels: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: one for key, one in value.items() if one is not None}
    if isinstance(value, frozenset):
        return sorted((_plain(one, labels) for one in value), key=str)
    return f"@{labels[value]}" if isinstance(value, Ref) else value


def _shown(desired: Desired) -> dict[str, list[dict[str, Any]]]:
    labels = _labels(desired)
    shown: dict[str, list[dict[str, Any]]] = {}
    for row in desired.rows:
        plain = {name: _plain(value, labels) for name, value in row.columns.items()}
        filled = {name: value for name, value in plain.items() if value not in ([], {}, "", False) or name == "enabled"}
        shown.setdefault(row.table, []).append(filled)
    for rows in shown.values():
        rows.sort(key=lambda one: (str(one.get("name")), str(one.get("match")), str(one.get("cidr"))))
    links = sorted(
        f"{link.table}.{link.column} of @{labels[link.uuid]}: @{labels[link.member]}" for link in desired.links
    )
    return {**shown, **({"links": links} if links else {})}  # type: ignore[dict-item]


def _expected(cases: Mapping[str, Any], name: str) -> dict[str, Any]:
    case = cases[name]
    if "rows" in case:
        rows = {table: [dict(row) for row in found] for table, found in case["rows"].items() if table != "links"}
        links = {"links": sorted(case["rows"]["links"])} if "links" in case["rows"] else {}
        return {**rows, **links}
    expected = _expected(cases, case["like"])
    for table, changes in case.get("changes", {}).items():
        if isinstance(changes, list) or changes is None:
            expected[table] = sorted(changes) if table == "links" else changes
        else:
            [row] = expected[table]
            for column, value in changes.items():
                _change(row, column, value)
    return {table: rows for table, rows in expected.items() if rows}


def _change(row: dict[str, Any], column: str, value: Any) -> None:
    if isinstance(value, dict) and column in row:
        merged = {**row[column], **value}
        row[column] = {key: one for key, one in merged.items() if one is not None}
    elif value is None:
        row.pop(column, None)
    else:
        row[column] = value


def _state(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    case = content["cases"][name]
    inherited = _state(content, case["like"]) if "like" in case else dict(content["state"])
    return {**inherited, **case.get("state", {})}


@pytest.mark.parametrize(("file", "name"), list(_files()))
def test_golden(file: str, name: str) -> None:
    content = yaml.safe_load(_ids((HERE / file).read_text()))
    assert content["cases"][name]["reason"].strip()

    desired = _render(content["kind"], _state(content, name))

    assert _shown(desired) == _expected(content["cases"], name)
    for row in desired.rows:
        for column, value in row.columns.items():
            encode(row.table, column, value, NO_ALIASES)  # NB's schema can hold it
            assert not isinstance(value, dict) or isinstance(value, Keys) or None not in value.values()
