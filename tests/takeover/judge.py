"""What a taking over changed in a Northbound database, and which of that is meant to be."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.takeover.dump import Dump

GONE = "the whole row is gone"
NEW = "the whole row is new"


class Change(NamedTuple):
    """One column of one row, or one key of it if it is a map; before and after, None where it is not there."""

    table: str
    uuid: str
    what: str
    before: Any
    after: Any


MEANT: Mapping[tuple[str, str], str] = {
    ("Logical_Switch", "external_ids:neutron:revision_number"): "the peer's stands still when subnets come and go",
    ("DHCP_Options", "external_ids:neutron:revision_number"): "the peer's stands still when tags come and go",
    ("DHCP_Options", "options:server_mac"): "the peer draws it by chance; here it follows from the subnet",
    ("DHCP_Options", "options:server_id"): "of DHCPv6, as the MAC address",
    ("DHCP_Options", "options:domain_search"): "unquoted, ovn-controller answers no DHCPv6 at all",
    ("DHCP_Options", "options:dns_server"): "of a port's own, quoted otherwise",
    ("ACL", "label"): "the peer draws it by chance; here it follows from log and rule",
    ("NB_Global", "external_ids:wovenet:ledger"): "who has written last",
    ("NB_Global", "options:bfd-min-rx"): "from the settings",
    ("NB_Global", "options:bfd-min-tx"): "from the settings",
    ("NB_Global", "options:bfd-mult"): "from the settings",
    ("NB_Global", "options:fdb_removal_limit"): "from the settings",
    ("NB_Global", "options:ignore_lsp_down"): "from the settings",
    ("NB_Global", "options:mac_binding_removal_limit"): "from the settings",
}
"""What may differ, by table and column, and why. Source: docs/decisions/0022."""


def is_meant(change: Change) -> bool:
    return (change.table, change.what) in MEANT


def unmeant(found: Sequence[Change]) -> list[Change]:
    """What nobody wants, of all that has changed.

    Two rules that match the same are one ACL, which is that of one or the other: nothing is let through that was not
    before, or stopped, when another row of the same words takes its place in the group.
    """
    gone = {_words(change.before): change.uuid for change in found if (change.table, change.what) == ("ACL", GONE)}
    new = {_words(change.after): change.uuid for change in found if (change.table, change.what) == ("ACL", NEW)}
    replaced = gone.keys() & new.keys()
    swapped = {gone[words] for words in replaced} | {new[words] for words in replaced}
    return [
        change
        for change in found
        if not is_meant(change)
        and change.uuid not in swapped
        and not ((change.table, change.what) == ("Port_Group", "acls") and _members(change) <= swapped)
    ]


def _words(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("direction", "match", "action", "priority"))


def _members(change: Change) -> set[str]:
    """Who came to a set, or left it."""
    before, after = ({one[1] for one in value[1]} for value in (change.before, change.after))
    return before ^ after


def changes(before: Dump, after: Dump) -> list[Change]:
    """Every difference between two states of a Northbound database."""
    return [
        change
        for table in sorted(before.keys() | after.keys())
        for change in _of_table(table, _by_uuid(before.get(table, [])), _by_uuid(after.get(table, [])))
    ]


def _by_uuid(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["_uuid"][1]: row for row in rows}


def _of_table(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for uuid in sorted(before.keys() | after.keys()):
        if uuid not in after:
            yield Change(table, uuid, GONE, before[uuid], None)
        elif uuid not in before:
            yield Change(table, uuid, NEW, None, after[uuid])
        else:
            yield from _of_row(table, uuid, before[uuid], after[uuid])


def _of_row(table: str, uuid: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for column in sorted(before.keys() | after.keys()):
        old, new = before.get(column), after.get(column)
        if _is_map(old) or _is_map(new):
            old_keys, new_keys = (dict(value[1]) if value else {} for value in (old, new))
            for key in sorted(old_keys.keys() | new_keys.keys()):
                if old_keys.get(key) != new_keys.get(key):
                    yield Change(table, uuid, f"{column}:{key}", old_keys.get(key), new_keys.get(key))
        elif _plain(old) != _plain(new):
            yield Change(table, uuid, column, old, new)


def _is_map(value: Any) -> bool:
    return isinstance(value, list) and value[0] == "map"


def _plain(value: Any) -> Any:
    """Sets in one order; a set of one is its member."""
    if isinstance(value, list) and value[0] == "set":
        members = sorted(value[1], key=json.dumps)
        return members[0] if len(members) == 1 else members
    return value
