"""What holds for the new groups of a project."""

from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa

from wovenet.resources.default_statefulness.table import DEFAULT_STATEFULNESS
from wovenet.store.tx import ReadTx

ALL: Final = ""
"""The claim of what is meant for all projects."""
_D = DEFAULT_STATEFULNESS.c
_OF = sa.select(_D.claim, _D.stateful).where(_D.claim.in_(sa.bindparam("claims", expanding=True)))


def of_projects(tx: ReadTx, project_ids: Iterable[str]) -> Mapping[str, bool]:
    """Whether new groups are stateful in each of the projects, if nobody says so. One statement."""
    wanted = sorted(set(project_ids))
    found = {row.claim: row.stateful for row in tx.rows(_OF, {"claims": [ALL, *wanted]})}
    return {project_id: found.get(project_id, found.get(ALL, True)) for project_id in wanted}
