"""What a collection is to the rest of the program: a frozen description, made once, passed around.

A folder under `resources/` ends in one `RESOURCE = Resource(…)`. The generic verbs (`crud`) and lists (`store.query`)
work from it alone; a collection whose rules need more gives its own `create`, `update` or `delete`.

An *object* is a dict by the wire's attribute names with Python values: what is shown, minus what a policy hides.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from wovenet.model.actor import Actor
from wovenet.model.problems import Problem
from wovenet.store.tx import ReadTx, Store, Tx

if TYPE_CHECKING:
    from wovenet.settings import Settings

Object: TypeAlias = dict[str, Any]
Expression: TypeAlias = Callable[[Actor], "sa.ColumnElement[Any]"]


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may know besides its transaction: who asks, and the deployment's settings."""

    actor: Actor
    settings: "Settings"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Child:
    """A list attribute that is kept in its own table and loaded in one query for a whole page."""

    attribute: str
    table: sa.Table
    parent: "sa.Column[Any]"
    columns: tuple["sa.Column[Any]", ...]
    """What `load` is given of each row, in this order."""
    load: Callable[..., Any]
    """Columns → one item of the list."""
    dump: Callable[[Any], Mapping[str, Any]] | None = None
    """One item → column values without the parent; None: `crud` does not write this child (it is derived)."""
    order_by: tuple["sa.Column[Any]", ...] = ()
    where: "sa.ColumnElement[bool] | None" = None
    """Further condition on the child's rows, if the table serves several collections."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Column values that every row of this child has, if the table serves several collections."""


@dataclass(frozen=True, slots=True, eq=False)
class MemberAction:
    """Something that is done to one object besides the verbs, at a URL of its own below the object's."""

    name: str
    """Its part of the URL, and the policy that it needs."""
    act: Callable[[Tx, Context, Object, Mapping[str, Any]], Any]
    """Transaction, context, object and the request's body, which it has to check → the object afterwards."""
    is_plain: bool = False
    """Whether what `act` returns is the answer as it is, and not the object."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SubResource:
    """Objects that exist inside one object only, at `/<collection>/{id}/<sub-collection>[/{key}]`.

    Every function is given the object that they are in, which the actor sees, and may refuse it.
    """

    collection: str
    member: str
    key: str
    """The attribute that names one of them in URLs."""
    definition: str
    """The surface's definition that has their attributes."""
    policies: Mapping[str, str]
    """Verb or action → the policy that it needs."""
    not_found: Callable[[Object, str], Problem]
    index: Callable[[ReadTx, Object], list[Object]]
    create: Callable[[Tx, Context, Object, Object], Object]
    """Transaction, context, object, request → the new one."""
    update: Callable[..., Object]
    """Transaction, context, object; `current` and `changes` → the one afterwards."""
    delete: Callable[[Tx, Context, Object, Object], None]
    actions: Mapping[str, Callable[[Tx, Context, Object, Object], Object]] = field(default_factory=dict)
    """What else is done to one of them with PUT, by its part of the URL → the one afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resource:
    """One collection. Names on the wire, tables, and the functions that generic code calls."""

    collection: str
    member: str
    table: sa.Table
    not_found: Callable[[str], Problem]
    prefix: str = ""
    """What comes before the collection in URLs: "log/" for `/v2.0/log/logs`."""
    columns: Mapping[str, "sa.ColumnElement[Any]"] = field(default_factory=dict)
    """Attributes that are SQL expressions, or columns of another table."""
    expressions: Mapping[str, Expression] = field(default_factory=dict)
    """Attributes that depend on who asks, as SQL."""
    json: frozenset[str] = frozenset()
    """Attributes kept as JSON text."""
    children: tuple[Child, ...] = ()
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attributes that `derive` adds to an object → the attributes that it makes them from."""
    derive: Callable[[Object], None] | None = None
    complement: "Callable[[ReadTx, Sequence[Object], Mapping[str, Sequence[Any]], frozenset[str]], None] | None" = None
    """Adds to the objects of a page what is counted for them, in a constant number of statements.

    In: the filters that they were listed by, and the attributes that are wanted."""
    is_bulk: bool = True
    """Whether one request may make several of them."""
    is_view: bool = False
    """They are another collection's objects, seen otherwise: nobody removes them here."""
    lacks: Callable[[Object], frozenset[str]] | None = None
    """The attributes that an object does not have, unlike others of its collection."""
    complete: Callable[["Settings", Object], None] | None = None
    """Adds to an object that is shown those derived attributes that follow from the deployment's settings too."""
    filters: Mapping[str, Callable[[Sequence[Any]], "sa.ColumnElement[bool]"]] = field(default_factory=dict)
    """Attributes that are filtered otherwise than by comparing their column. Given converted values, ORed."""
    scope: Callable[[Actor], "sa.ColumnElement[bool] | None"] | None = None
    """Which rows a non-admin sees; default: those of the actor's project."""
    unit: str | None = None
    """The kind of unit that every write marks; None: OVN knows nothing of these objects."""
    touches: Callable[[ReadTx, Object], Sequence[Any]] | None = None
    """Further units that a write to this object marks."""
    bumped: Callable[[Tx, str], None] | None = None
    """Marks what else shows the revision of the object with this id, when nothing but that has moved: tags do so."""
    quota: str | None = None
    """The quota that objects count against."""
    first_revision: int = 0
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Attributes that a new object has and a request cannot give (`status` …)."""
    create: Callable[[Tx, Context, Sequence[Object]], list[Object]] | None = None
    update: Callable[[Tx, Context, Object, Object], Object] | None = None
    delete: Callable[[Tx, Context, Object], None] | None = None
    member_actions: tuple[MemberAction, ...] = ()
    before_list: Callable[[Store, Context, Mapping[str, Sequence[Any]]], None] | None = None
    """What has to be there before objects are listed by these filters: a project's default security group."""
    require_parents: Callable[[ReadTx, Actor, Object], Any] | None = None
    """Raises a not-found problem if a request names a parent that the actor does not see. Asked when a policy refuses a
    creation, so that the refusal tells no more than a look at the parent would."""

    subresources: tuple[SubResource, ...] = ()

    def column(self, attribute: str) -> "sa.ColumnElement[Any] | None":
        """The column that holds `attribute`, or None if it is a child, derived, or an expression."""
        return columns_of(self).get(attribute)


@functools.cache
def columns_of(resource: Resource) -> Mapping[str, "sa.ColumnElement[Any]"]:
    """The attributes that are kept in columns. A column's `info["wire"]` is its attribute if the names differ."""
    named = {column.info.get("wire", column.name): column for column in resource.table.c}
    named.pop(INTERNAL, None)
    if "project_id" in named:
        named["tenant_id"] = named["project_id"]
    return {**named, **resource.columns}


INTERNAL = ""
"""`info["wire"]` of a column that is no attribute."""


def wire(attribute: str, *args: Any, **options: Any) -> "sa.Column[Any]":
    """A column for an attribute whose name has a colon: `binding:host_id` is kept as `binding_host_id`."""
    return sa.Column(attribute.replace(":", "_"), *args, info={"wire": attribute}, **options)
