"""The rows of the deployment: the group that drops what no rule allows, our keys of NB_Global, and meters. Pure."""

from wovenet.model.ids import GLOBAL_UNIT, RowUuid
from wovenet.model.views import DeploymentView, LogsView
from wovenet.ovn import logs
from wovenet.ovn.rows import Desired, Keys, Ref, Row, row_uuid

DROP_GROUP_NAME = "neutron_pg_drop"
DROP_GROUP: RowUuid = row_uuid("Port_Group", GLOBAL_UNIT, "drop")
"""Every port with port security is a member: what none of its groups allows is dropped."""
DROP_PRIORITY = 1000

_ACLS = (
    ("from-lport", "inport", row_uuid("ACL", GLOBAL_UNIT, "drop/from-lport")),
    ("to-lport", "outport", row_uuid("ACL", GLOBAL_UNIT, "drop/to-lport")),
)


def render(view: DeploymentView, told: LogsView = LogsView(), *, is_logging: bool = False) -> Desired:  # noqa: B008
    """The drop group with its two ACLs, our keys of NB_Global, and the meters of logs while there are logs.

    There are no references to miss.
    """
    log = logs.SILENT if told.dropped is None else logs.columns(told.dropped)
    acls = tuple(
        Row(
            "ACL",
            uuid,
            {
                "action": "drop",
                "direction": direction,
                "external_ids": {},
                "match": f"{port} == @{DROP_GROUP_NAME} && ip",
                "priority": DROP_PRIORITY,
                **log,
            },
        )
        for direction, port, uuid in _ACLS
    )
    group = Row(
        "Port_Group",
        DROP_GROUP,
        {
            "acls": frozenset(Ref(acl.uuid) for acl in acls),
            "name": DROP_GROUP_NAME,
        },
    )
    nb_global = Row(
        "NB_Global",
        row_uuid("NB_Global", GLOBAL_UNIT),
        {
            "external_ids": Keys({"neutron:fip-distributed": str(view.distributes_floating_ips)}),
            "options": Keys(view.nb_options),
        },
    )
    meters = logs.meters(rate=view.log_rate, burst=view.log_burst) if is_logging else ()
    return Desired((nb_global, group, *acls, *meters))
