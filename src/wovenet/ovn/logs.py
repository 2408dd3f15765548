"""How OVN is told to log what an ACL decides, and how much of it. Pure."""

import hashlib
from collections.abc import Mapping
from typing import Final

from wovenet.model.ids import GLOBAL_UNIT, RowUuid
from wovenet.ovn.rows import Ref, Row, Value, row_uuid

METER: Final = "acl_log_meter"
STATELESS_METER: Final = "acl_log_meter_stateless"
"""Without conntrack both directions of a connection are told, so each gets half."""
SEVERITY: Final = "info"
METERS: Final = (METER, STATELESS_METER)
OWNER: Final = {"neutron:device_owner": "logging-plugin"}

_LABEL_MAX: Final = 2**32 - 1

SILENT: Final[Mapping[str, Value]] = {
    "label": 0,
    "log": False,
    "meter": frozenset(),
    "name": frozenset(),
    "options": {},
    "severity": frozenset(),
}
"""The columns of an ACL that logs nothing."""


def columns(log_id: str, *, is_stateful: bool = True, related_to: str = "") -> Mapping[str, Value]:
    """The columns of an ACL whose packets are told to the log with this id.

    In: `related_to` names what the ACL allows, if it allows something: then packets that are related to it, such as
    ICMP errors, are told as well. OVN knows these by a label in conntrack.
    """
    return {
        "label": _label(f"{log_id}/{related_to}") if related_to else 0,
        "log": True,
        "meter": METER if is_stateful else STATELESS_METER,
        "name": f"neutron-{log_id}",
        "options": {"log-related": "true"} if related_to else {},
        "severity": SEVERITY,
    }


def meter_uuid(name: str) -> RowUuid:
    """The `_uuid` of the meter with this name."""
    return row_uuid("Meter", GLOBAL_UNIT, name)


def band_uuid(name: str) -> RowUuid:
    """The `_uuid` of the band of the meter with this name."""
    return row_uuid("Meter_Band", GLOBAL_UNIT, name)


def meters(*, rate: int, burst: int) -> tuple[Row, ...]:
    """The meters that hosts count by. Units: packets in a second, and packets.

    Guarantees: each ACL is counted by itself (`fair`), so that one busy port does not silence all others.
    """
    rows: list[Row] = []
    for name, share in ((METER, 1), (STATELESS_METER, 2)):
        band = Row(
            "Meter_Band",
            band_uuid(name),
            {"action": "drop", "burst_size": burst // share, "rate": max(1, rate // share)},
        )
        meter = Row(
            "Meter",
            meter_uuid(name),
            {"bands": frozenset({Ref(band.uuid)}), "external_ids": OWNER, "fair": True, "name": name, "unit": "pktps"},
        )
        rows += [band, meter]
    return tuple(rows)


def _label(text: str) -> int:
    """A label that is the same every time, and never the one that means none."""
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _LABEL_MAX + 1
