"""Policy rules as small trees that can be settled in advance for a kind of caller.

A parsed oslo.policy rule becomes a tree of nodes. What a rule asks of the caller's roles is settled once for all
callers with the same roles (`settle`); what is left are *probes*: yes-or-no questions about one target, such as "is its
project mine". Objects that answer all probes alike are treated alike, which makes it cheap to enforce rules on a list.
"""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from oslo_policy import _checks as oslo
from oslo_policy import policy as oslo_policy

from wovenet.model.actor import Actor

Target: TypeAlias = Mapping[str, Any]
"""What is acted on: attributes by the wire's names; `project_id` and `tenant_id` are one."""
Parents: TypeAlias = Mapping[str, Mapping[Any, Mapping[str, Any]]]
"""Facts of what targets belong to: kind ("network", "security_group") → id → attributes."""

Question: TypeAlias = Callable[[Actor, Target, Parents], bool]

NO_PARENTS: Final[Parents] = {}
_SYNONYMS: Final = {
    "project_id": "tenant_id",
    "tenant_id": "project_id",
    "target_project": "target_tenant",
    "target_tenant": "target_project",
}
_PLACE: Final = re.compile(r"%\(([^)]+)\)s")
_IDENTITY: Final[Mapping[str, Callable[[Actor], str | None]]] = {
    "user_id": lambda actor: actor.user_id,
    "user": lambda actor: actor.user_id,
    "project_id": lambda actor: actor.project_id,
    "project": lambda actor: actor.project_id,
    "tenant_id": lambda actor: actor.project_id,
    "tenant": lambda actor: actor.project_id,
    "domain_id": lambda actor: actor.domain_id,
}


class Facts(NamedTuple):
    """What rules may ask of a caller apart from who it is. Callers with equal facts share settled rules."""

    roles: frozenset[str]
    service_roles: frozenset[str]
    is_admin: bool
    system_scope: str | None
    in_domain: bool

    @property
    def scope(self) -> str:
        """The scope of the caller's token."""
        if self.system_scope:
            return "system"
        return "domain" if self.in_domain else "project"


class Key:
    """Where a target keeps a value: under its name or a synonym, or as `parent:attribute` with the parent's facts."""

    __slots__ = ("attribute", "names", "on_target", "parent", "parent_id")

    def __init__(self, *names: str) -> None:
        last = names[-1]
        self.names = (*names, _SYNONYMS[last]) if last in _SYNONYMS else names
        parent, colon, attribute = names[0].partition(":")
        self.parent = parent if colon else ""
        self.parent_id = f"{parent}_id"
        self.attribute = attribute
        self.on_target = (*self.names, self.parent_id) if colon else self.names

    def of(self, target: Target, parents: Parents) -> Any:
        """The value, or None."""
        for name in self.names:
            value = target.get(name)
            if value is not None:
                return value
        if self.parent in parents:
            facts = parents[self.parent].get(target.get(self.parent_id))
            if facts is not None:
                value = facts.get(self.attribute)
                return facts.get(_SYNONYMS.get(self.attribute, "")) if value is None else value
        return None


@dataclass(frozen=True, slots=True)
class Const:
    """Always the same answer."""

    value: bool


@dataclass(frozen=True, slots=True)
class HasRole:
    """The caller has this role."""

    role: str


@dataclass(frozen=True, slots=True)
class IsSo:
    """A fact of the caller has this value: `is_admin:True`, `system_scope:all`, `service_roles:service`."""

    fact: str
    value: str


class Probe:
    """A question about one target, and one caller."""

    __slots__ = ("ask", "keys", "text")

    def __init__(self, text: str, keys: Iterable[Key], ask: Question) -> None:
        self.text = text
        self.keys = tuple(keys)
        self.ask = ask


@dataclass(frozen=True, slots=True)
class Both:
    """All of them hold."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them holds."""

    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    node: "Node"


Node: TypeAlias = Const | HasRole | IsSo | Probe | Both | Either | Not
TRUE: Final = Const(value=True)
FALSE: Final = Const(value=False)


class Compiler:
    """Turns the rules of an enforcer into trees. A rule that refers to itself, or to nothing, never holds."""

    def __init__(self, rules: Mapping[str, oslo.BaseCheck], enforcer: oslo_policy.Enforcer) -> None:
        self._rules = rules
        self._enforcer = enforcer
        self._done: dict[str, Node] = {}
        self._probes: dict[str, Probe] = {}

    def rule(self, name: str, within: tuple[str, ...] = ()) -> Node:
        """The tree of the rule called `name`, or of the default rule if there is no such rule.

        In: the rules that are being looked into. May be called by several threads at once.
        """
        if name in self._done:
            return self._done[name]
        if name in within:
            return FALSE
        try:
            check = self._rules[name]  # falls back to the default rule
        except KeyError:
            return FALSE
        node = self._node(check, (*within, name))
        if not within:  # an inner result may have been cut short by a rule that refers to itself
            self._done[name] = node
        return node

    def _node(self, check: oslo.BaseCheck, within: tuple[str, ...]) -> Node:
        match check:
            case oslo.TrueCheck():
                return TRUE
            case oslo.FalseCheck():
                return FALSE
            case oslo.AndCheck():
                return Both(tuple(self._node(part, within) for part in check.rules))
            case oslo.OrCheck():
                return Either(tuple(self._node(part, within) for part in check.rules))
            case oslo.NotCheck():
                return Not(self._node(check.rule, within))
            case oslo.RuleCheck():
                return self.rule(check.match, within)
            case oslo.RoleCheck() if not _PLACE.search(check.match):
                return HasRole(check.match.lower())
            case oslo.GenericCheck() if check.kind == "field":
                return self._probe(str(check), lambda: _field(str(check), check.match))
            case oslo.GenericCheck():
                return self._generic(check)
        return self._probe(f"{id(check)} {check}", lambda: _foreign(check, self._enforcer))

    def _generic(self, check: oslo.GenericCheck) -> Node:
        if not _PLACE.search(check.match) and check.kind not in _IDENTITY and _literal(check.kind) is None:
            return IsSo(check.kind, check.match)
        return self._probe(str(check), lambda: _comparison(check.kind, check.match))

    def _probe(self, text: str, make: Callable[[], Probe]) -> Probe:
        found = self._probes.get(text)
        return self._probes.setdefault(text, make()) if found is None else found


def settle(node: Node, facts: Facts) -> Node:
    """`node` with everything answered that depends on `facts` alone."""
    match node:
        case HasRole(role):
            return TRUE if role in {each.lower() for each in facts.roles} else FALSE
        case IsSo(fact, value):
            return TRUE if value in _values(fact, facts) else FALSE
        case Not(inner):
            settled = settle(inner, facts)
            return Const(not settled.value) if isinstance(settled, Const) else Not(settled)
        case Both(nodes):
            return _settle_many(nodes, facts, absorbing=False)
        case Either(nodes):
            return _settle_many(nodes, facts, absorbing=True)
    return node


def _settle_many(nodes: tuple[Node, ...], facts: Facts, *, absorbing: bool) -> Node:
    kept: list[Node] = []
    for node in nodes:
        settled = settle(node, facts)
        if isinstance(settled, Const):
            if settled.value is absorbing:
                return settled
        elif settled not in kept:
            kept.append(settled)
    if not kept:
        return Const(not absorbing)
    if len(kept) == 1:
        return kept[0]
    return Either(tuple(kept)) if absorbing else Both(tuple(kept))


def probes(node: Node) -> Iterable[Probe]:
    """The probes in a settled tree, from left to right."""
    match node:
        case Probe():
            yield node
        case Not(inner):
            yield from probes(inner)
        case Both(nodes) | Either(nodes):
            for inner in nodes:
                yield from probes(inner)


def question(node: Node) -> Question:
    """A settled tree as a function of caller, target and parents."""
    match node:
        case Probe():
            return node.ask
        case Const(value):
            return lambda _actor, _target, _parents: value
        case Not(inner):
            ask = question(inner)
            return lambda actor, target, parents: not ask(actor, target, parents)
        case Either(nodes):
            return _first(nodes, wanted=True)
        case Both(nodes):
            return _first(nodes, wanted=False)
    raise AssertionError(node)  # settle() left a question about the caller


def _first(nodes: Iterable[Node], *, wanted: bool) -> Question:
    """`wanted` as soon as one node answers so."""
    questions = tuple(question(node) for node in nodes)

    def ask(actor: Actor, target: Target, parents: Parents) -> bool:
        for each in questions:
            if each(actor, target, parents) is wanted:
                return wanted
        return not wanted

    return ask


def _values(fact: str, facts: Facts) -> Iterable[str]:
    match fact:
        case "service_roles":
            return facts.service_roles
        case "roles":
            return facts.roles
        case "is_admin":
            return (str(facts.is_admin),)
        case "system_scope" | "system" if facts.system_scope:
            return (facts.system_scope,)
    return ()


def _literal(kind: str) -> str | None:
    """The value that a check's left side spells out (`True:%(enabled)s`), or None if it is a name."""
    try:
        return str(ast.literal_eval(kind))
    except (ValueError, SyntaxError):
        return None


def _comparison(kind: str, template: str) -> Probe:
    """`kind:%(key)s`: what the caller is equals what the target says. Nothing equals an absent value."""
    literal = _literal(kind)
    text = f"{kind}:{template}"
    keys = {name: Key(name) for name in _PLACE.findall(template)}

    def mine(actor: Actor) -> str | None:
        return _IDENTITY[kind](actor) if kind in _IDENTITY else literal

    if kind in _IDENTITY and len(keys) == 1 and template == f"%({next(iter(keys))})s":
        identity, of = _IDENTITY[kind], next(iter(keys.values())).of

        def ask_equal(actor: Actor, target: Target, parents: Parents) -> bool:
            value = identity(actor)
            return bool(value) and value == of(target, parents)

        return Probe(text, keys.values(), ask_equal)

    def ask(actor: Actor, target: Target, parents: Parents) -> bool:
        values = {name: key.of(target, parents) for name, key in keys.items()}
        value = mine(actor)
        return bool(value) and None not in values.values() and value == template % values

    return Probe(text, keys.values(), ask)


def _field(text: str, match: str) -> Probe:
    """`field:networks:shared=True`, `field:port:device_owner=~^network:`: an attribute has a value or fits a pattern.

    The attribute is the target's own, or that of its network and so on.
    """
    collection, _, condition = match.partition(":")
    name, _, value = condition.partition("=")
    key = Key(f"{_member(collection)}:{name}", name)
    if value.startswith("~"):
        pattern = re.compile(value[1:])

        def ask_pattern(_: Actor, target: Target, parents: Parents) -> bool:
            return pattern.match(str(key.of(target, parents) or "")) is not None

        return Probe(text, [key], ask_pattern)
    truth = {"true": True, "false": False}.get(value.lower())

    def ask(_: Actor, target: Target, parents: Parents) -> bool:
        found = key.of(target, parents)
        if isinstance(found, bool):
            return found is truth
        return found is not None and str(found) == value

    return Probe(text, [key], ask)


def _member(collection: str) -> str:
    if collection.endswith("ies"):
        return f"{collection[:-3]}y"
    return collection.removesuffix("s")


def _foreign(check: oslo.BaseCheck, enforcer: oslo_policy.Enforcer) -> Probe:
    """A check that only oslo.policy can make, such as one that asks another server."""

    def ask(actor: Actor, target: Target, _: Parents) -> bool:
        return bool(oslo._check(check, dict(target), credentials(actor), enforcer, None))

    return Probe(str(check), [], ask)


def credentials(actor: Actor) -> dict[str, Any]:
    """`actor` in the words of oslo.policy."""
    return {
        "user_id": actor.user_id,
        "project_id": actor.project_id,
        "tenant_id": actor.project_id,
        "domain_id": actor.domain_id,
        "system_scope": actor.system_scope,
        "roles": sorted(actor.roles),
        "service_roles": sorted(actor.service_roles),
        "is_admin": actor.is_admin,
    }
