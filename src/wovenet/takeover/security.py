"""One object of Neutron → our rows: security groups, address groups, logs, grants and quotas. Pure; as `objects`."""

from typing import Any, Final

import netaddr

from wovenet.model.problems import Problem
from wovenet.resources.address_group.table import ADDRESS_GROUPS, ADDRESSES
from wovenet.resources.default_security_group_rule.table import DEFAULT_RULES
from wovenet.resources.default_statefulness.table import DEFAULT_STATEFULNESS
from wovenet.resources.log.table import LOGS
from wovenet.resources.rbac.table import RBAC_ENTRIES
from wovenet.resources.security_group.table import SECURITY_GROUPS
from wovenet.resources.security_group_rule import rules
from wovenet.resources.security_group_rule.table import SECURITY_GROUP_RULES
from wovenet.store.quota_usage import QUOTAS
from wovenet.takeover.objects import Item, Row, Rows, standard, tags
from wovenet.takeover.report import Report

MATCH: Final = (
    "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id",
    "remote_address_group_id",
)  # fmt: skip
"""What a rule matches."""


def address_group(item: Item, _report: Report) -> Rows:
    yield ADDRESS_GROUPS, standard(item)
    for address in sorted({str(netaddr.IPNetwork(one["address"]).cidr) for one in item["addresses"]}):
        yield ADDRESSES, {"address_group_id": item["id"], "address": address}
    yield from tags("address_groups", item)


def security_group(item: Item, _report: Report) -> Rows:
    yield (
        SECURITY_GROUPS,
        {
            **standard(item),
            "stateful": item.get("stateful") is None or bool(item["stateful"]),
            "default_of": item.get("default_of"),
        },
    )
    yield from tags("security_groups", item)


def security_group_rules(item: Item, report: Report) -> Rows:
    """The rules of a group. They come after all groups, since they refer to others."""
    seen: set[str] = set()
    for rule in item["rules"]:
        found = _normalised({**rule, "security_group_id": item["id"]}, "security_group_rules", report)
        if found is None:
            continue
        if found["claim"] in seen:
            report.remark("security_group_rules", rule["id"], "another rule of its group says the same; it is kept")
            found["claim"] = f"again/{rule['id']}"
        seen.add(found["claim"])
        row = standard({"project_id": item["project_id"], **rule})
        row.pop("name")
        yield SECURITY_GROUP_RULES, {**row, "security_group_id": item["id"], **found}


def default_rule(item: Item, report: Report) -> Rows:
    found = _normalised({**item, "security_group_id": None}, "default_security_group_rules", report)
    if found is not None:
        yield (
            DEFAULT_RULES,
            {
                "id": item["id"],
                "description": item.get("description"),
                "used_in_default_sg": bool(item["used_in_default_sg"]),
                "used_in_non_default_sg": bool(item["used_in_non_default_sg"]),
                **found,
            },
        )


def _normalised(rule: Row, kind: str, report: Report) -> Row | None:
    """What the rule matches, as our rules are kept; None if there can be no such rule here: it allows nothing then."""
    try:
        found = rules.normalised({name: rule.get(name) for name in MATCH})
    except Problem as problem:
        report.remark(
            kind, rule["id"], f"it is left out, since no rule can say what it says ({type(problem).__name__})"
        )
        return None
    claim = rules.claim({**found, "security_group_id": rule["security_group_id"]})
    return {**{name: found[name] for name in MATCH}, "normalized_cidr": found["normalized_cidr"], "claim": claim}


def default_statefulness(item: Item, _report: Report) -> Rows:
    project_id = item["project_id"] or None
    values = {"id": item["id"], "project_id": project_id, "stateful": bool(item["stateful"])}
    yield DEFAULT_STATEFULNESS, {**values, "claim": project_id or ""}


def log(item: Item, _report: Report) -> Rows:
    names = ("resource_type", "resource_id", "target_id", "event")
    values = {name: item[name] for name in names}
    yield LOGS, {**standard(item), **values, "enabled": bool(item["enabled"])}


def grant(object_type: str, item: Item) -> Rows:
    names = ("id", "project_id", "object_id", "target_project", "action")
    yield RBAC_ENTRIES, {**{name: item[name] for name in names}, "object_type": object_type}


def quota(item: Item, _report: Report) -> Rows:
    if item["project_id"] is not None and item["limit"] is not None:
        limit: Any = item["limit"]
        yield QUOTAS, {"project_id": item["project_id"], "resource": item["resource"], "limit": max(-1, int(limit))}
