"""What can be logged: `/v2.0/log/loggable-resources`. Nobody makes it: it is what the program can do."""

from typing import Any

from wovenet.api import parse
from wovenet.api.handler import Call
from wovenet.api.service import Service
from wovenet.model import problems
from wovenet.resources.log.rules import LOGGABLE

_PAGING = frozenset({"fields", "sort_key", "sort_dir", "limit", "marker", "page_reverse"})


def index(service: Service, call: Call) -> Any:
    """The types of resources that a log may be about. Raises: PolicyNotAuthorized, HTTPBadRequest."""
    service.policy.require(call.actor, "get_loggable_resource", {"project_id": call.actor.project_id})
    unknown = [name for name, _ in call.params if name not in _PAGING]
    if unknown:
        raise problems.HTTPBadRequest(message=f"{unknown} is invalid attribute for filtering")
    fields = parse.fields_of(call.params)
    is_shown = fields is None or "type" in fields
    return {"loggable_resources": [{"type": name} if is_shown else {} for name in LOGGABLE]}
