"""Differences from the record that need no entry of their own: they follow from what is not served yet, or from how
two services that both are right tell the same.

`unserved` says which differences go away by themselves when another extension is added to the registry.
"""

import functools
import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neutron_lib.api import definitions

from tests.deployment import REGISTRY
from tests.peer.compare import ABSENT, Difference

ALIASES = Path(__file__).with_name("aliases.txt").read_text().split()
REVISION = "neutron:revision_number"
LISTED = re.compile(r".*/answer\.body\.(?P<member>\w+)(?:\.\d+)?\.(?P<attribute>[\w:]+)$")
QUOTA = re.compile(r".*/answer\.body\.quotas?(?:\.\d+)?\.(?P<name>\w+)$")


@functools.cache
def unserved_attributes() -> Mapping[str, frozenset[str]]:
    """Collection → the attributes that extensions bring which are not served yet."""
    found: dict[str, set[str]] = {}
    for module in pkgutil.iter_modules(definitions.__path__):
        if module.name.startswith("_") or module.name == "base":
            continue
        definition = importlib.import_module(f"{definitions.__name__}.{module.name}")
        alias = getattr(definition, "ALIAS", None)
        if alias in ALIASES and alias not in REGISTRY.surface.extensions:
            for collection, attributes in (definition.RESOURCE_ATTRIBUTE_MAP or {}).items():
                found.setdefault(collection, set()).update(attributes)
    served = {name: set(one.attributes) for name, one in REGISTRY.surface.collections.items()}
    return {name: frozenset(one - served.get(name, set())) for name, one in found.items()}


def unserved(difference: Difference) -> bool:
    """Whether the record has something that an extension brings which is not served yet."""
    if difference.got != ABSENT:
        return False
    counted = {resource.quota for resource in REGISTRY.resources.values()}
    if match := QUOTA.fullmatch(difference.where):
        return match["name"] not in counted
    match = LISTED.fullmatch(difference.where)
    if match is None:
        return False
    plural = _collection_of(match["member"])
    return match["attribute"] in unserved_attributes().get(plural, frozenset())


def _collection_of(name: str) -> str:
    """The collection that a member, or a collection, belongs to."""
    members = {collection.member: collection.name for collection in REGISTRY.surface.collections.values()}
    return members.get(name, name)


def without_revisions(steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps with what they changed in the Northbound besides revision numbers.

    The peer leaves the revision in a row behind when it has nothing else to write there; we do not.
    """
    rows: dict[str, Any] = {}
    told = []
    for step in steps:
        change = {}
        for identity, row in step.get("nb", {}).items():
            plain = _without_revision(row)
            if plain != rows.get(identity, ABSENT):
                change[identity] = plain
            rows[identity] = plain
        told.append({**step, "nb": change})
    return told


def _without_revision(row: Any) -> Any:
    if not isinstance(row, Mapping) or "external_ids" not in row:
        return row
    ids = {key: value for key, value in row["external_ids"].items() if key != REVISION}
    return {**row, "external_ids": ids}


def left(found: Iterable[Difference]) -> list[Difference]:
    """The differences that no rule explains."""
    return [difference for difference in found if not unserved(difference)]
