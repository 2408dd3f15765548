"""Which ledger describes this NB: a name kept in NB_Global.external_ids.

An NB without the stamp, or with another one, was emptied, replaced, restored or belongs to someone else, and nothing
that the ledger remembers may be believed of it.
"""

from wovenet.model.ids import GLOBAL_UNIT, RowUuid
from wovenet.ovn.client import Client
from wovenet.ovn.errors import TransactionRefused
from wovenet.ovn.rows import row_uuid
from wovenet.ovn.wire import where_uuid

KEY = "wovenet:ledger"

NB_GLOBAL = row_uuid("NB_Global", GLOBAL_UNIT)
"""The computed uuid by which renderers name the NB_Global row; `global_row` tells the actual one."""


def global_row(client: Client, *, lock: str) -> RowUuid:
    """The uuid of the only row of NB_Global, which is made if northd has not made it: an alias for `NB_GLOBAL`."""
    if (found := _find(client)) is not None:
        return found
    insert = {"op": "insert", "table": "NB_Global", "uuid": NB_GLOBAL, "row": {}}
    try:
        client.transact([{"op": "assert", "lock": lock}, insert])
    except TransactionRefused:
        # northd was faster, unless the lock is not ours.
        if (found := _find(client)) is not None:
            return found
        raise
    return NB_GLOBAL


def read(client: Client) -> str | None:
    """The stamp of the NB, None when it has none."""
    [result] = client.transact([{"op": "select", "table": "NB_Global", "where": [], "columns": ["external_ids"]}])
    for row in result["rows"]:
        for key, value in row["external_ids"][1]:
            if key == KEY:
                return str(value)
    return None


def write(client: Client, stamp: str, *, lock: str) -> None:
    """The NB carries `stamp`; other keys are left alone. Raises: TransactionRefused ("not owner") without the lock."""
    row = global_row(client, lock=lock)
    mutations = [["external_ids", "delete", ["set", [KEY]]], ["external_ids", "insert", ["map", [[KEY, stamp]]]]]
    mutate = {"op": "mutate", "table": "NB_Global", "where": where_uuid(row), "mutations": mutations}
    client.transact([{"op": "assert", "lock": lock}, mutate])


def _find(client: Client) -> RowUuid | None:
    [result] = client.transact([{"op": "select", "table": "NB_Global", "where": [], "columns": ["_uuid"]}])
    return next((RowUuid(row["_uuid"][1]) for row in result["rows"]), None)
