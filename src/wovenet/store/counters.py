"""What has been counted since the deployment began, by whichever process: it survives them."""

from collections.abc import Mapping

import sqlalchemy as sa

from wovenet.store import schema
from wovenet.store.tx import ReadTx, Tx

COUNTERS = sa.Table(
    "counters",
    schema.METADATA,
    schema.text_col("name", 64, primary_key=True),
    schema.bigint("value"),
    sqlite_with_rowid=False,
)

_C = COUNTERS.c
_ADD = COUNTERS.update().where(_C.name == sa.bindparam("of_name")).values(value=_C.value + sa.bindparam("more"))


def add(tx: Tx, counts: Mapping[str, int]) -> None:
    """Each counter is higher by its count; one that is new begins with it. One statement for each, two at first.

    Raises: Claimed if somebody else has just begun one: the transaction has to be run again.
    """
    for name, count in sorted(counts.items()):
        if count and not tx.run(_ADD, {"of_name": name, "more": count}):
            tx.insert(COUNTERS, [{"name": name, "value": count}])


def values(tx: ReadTx, prefix: str) -> dict[str, int]:
    """The counters whose names begin with `prefix`, by the rest of their names."""
    found = tx.rows(sa.select(_C.name, _C.value).where(_C.name.startswith(prefix, autoescape=True)))
    return {row.name.removeprefix(prefix): row.value for row in found}
