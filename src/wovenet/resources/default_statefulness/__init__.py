"""Whether new security groups are stateful unless they say so: a project's own word, or one for all projects."""

from collections.abc import Sequence

import sqlalchemy as sa

from wovenet.model import problems
from wovenet.resources import crud
from wovenet.resources.base import Context, Object, Resource
from wovenet.resources.default_statefulness.lookup import ALL
from wovenet.resources.default_statefulness.table import DEFAULT_STATEFULNESS
from wovenet.store.tx import Claimed, Tx

_D = DEFAULT_STATEFULNESS.c
_KNOWN = sa.select(_D.id).where(_D.claim == sa.bindparam("of_claim"))
_SAVE = (
    sa.update(DEFAULT_STATEFULNESS).where(_D.id == sa.bindparam("of_word")).values(stateful=sa.bindparam("new_word"))
)


def _create(tx: Tx, _context: Context, requests: Sequence[Object]) -> list[Object]:
    """The new words. Raises: SecurityGroupDefaultStatefulnessExists; LostRace."""
    made = [crud.new_object(tx, RESOURCE, request) for request in requests]
    for word in made:
        claim = word["project_id"] or ALL
        if tx.row(_KNOWN, {"of_claim": claim}) is not None:
            raise problems.SecurityGroupDefaultStatefulnessExists(project_id=word["project_id"])
        try:
            tx.insert(DEFAULT_STATEFULNESS, [{**crud.row_of(RESOURCE, word), "claim": claim}])
        except Claimed as error:
            raise problems.LostRace(f"default statefulness of {claim or 'all projects'}") from error
    return made


def _update(tx: Tx, _context: Context, current: Object, changes: Object) -> Object:
    changed = {**current, **changes}
    if tx.run(_SAVE, {"of_word": current["id"], "new_word": changed["stateful"]}) != 1:
        raise problems.LostRace(f"default statefulness {current['id']} is gone")
    return changed


RESOURCE: Resource = Resource(
    collection="security_groups_default_statefulness",
    member="security_groups_default_statefulness",
    table=DEFAULT_STATEFULNESS,
    not_found=lambda word_id: problems.SecurityGroupDefaultStatefulnessNotFound(id=word_id),
    is_bulk=False,
    create=_create,
    update=_update,
)
"""Its collection and one of its objects have the same name, so that nothing says that a request means several."""
