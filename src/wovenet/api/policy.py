"""Who may do what: oslo.policy's rules and files, decided fast.

Rules are read once, settled once for every set of roles that occurs, and then asked per target; what is the same for a
whole page of objects is not asked again. Names, defaults and files are those of Neutron's operators.
"""

import functools
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from oslo_config import cfg
from oslo_policy import opts, policy

from wovenet import policies
from wovenet.api import checks
from wovenet.api.checks import NO_PARENTS, Facts, Parents, Target
from wovenet.model import problems
from wovenet.model.actor import Actor
from wovenet.model.clock import Clock, SystemClock
from wovenet.settings import Settings

LOG = logging.getLogger(__name__)

SETTLED_RULES: Final = 8192
"""How many (rule, set of roles) pairs are kept."""
KEPT_PLANS: Final = 512
"""How many (rules, set of roles) plans for lists are kept."""
KEPT_CLASSES: Final = 1024
"""How many kinds of objects one plan remembers; the number of probes bounds it in practice."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the rules come from. Units: none. Defaults: those of `[oslo_policy]`."""

    file: Path | None = None
    dirs: tuple[Path, ...] = ()
    default_rule: str = "default"
    enforce_scope: bool = True
    enforce_new_defaults: bool = True
    check_s: float = 5.0
    """Time between looks at the files."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """The rules that a request has to pass, all of them, and how a refusal spells them."""

    rules: tuple[str, ...]
    text: str


class Decider(Generic[T]):
    """Answers for objects of one collection, for one caller; equal classes of objects are decided once."""

    __slots__ = ("_actor", "_plan", "attributes", "parents")

    def __init__(self, plan: "_Plan[T]", actor: Actor) -> None:
        self._plan = plan
        self._actor = actor
        self.attributes = plan.attributes
        """Attributes of an object that the answer may depend on: select them even if they are not shown."""
        self.parents = plan.parents
        """Kinds of parents whose facts the answer may depend on."""

    def __call__(self, target: Target, parents: Parents = NO_PARENTS) -> T:
        return self._plan.answer(self._actor, target, parents)


class Policy:
    """The deployment's rules. Thread-safe.

    Raises: ValueError naming a file that cannot be understood; OSError.
    """

    def __init__(self, source: Source = Source(), clock: Clock | None = None) -> None:
        self._source = source
        self._clock = clock or SystemClock()
        self._stamp = _stamp(source)
        self._rules = _Rules(source)
        self._next_look_s = self._clock.monotonic() + source.check_s

    def refresh(self) -> None:
        """The rules are those of the files, as they were at most `check_s` ago. Cheap enough for every request.

        Files that cannot be understood change nothing, and are complained of in the log once.
        """
        now_s = self._clock.monotonic()
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + self._source.check_s
        stamp = _stamp(self._source)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._rules = _Rules(self._source)
        except (ValueError, OSError) as error:
            LOG.error("policy files are not used, the rules stay as they were", extra={"cause": str(error)})
        else:
            LOG.info("policy files were read anew")

    def actor(self, actor: Actor) -> Actor:
        """`actor` with the deployment's word on whether it is an administrator or a service."""
        return replace(
            actor,
            is_admin=self.allows(actor, "context_is_admin", {}),
            is_service=any(self.allows(actor, rule, {}) for rule in ("service_api", "context_is_advsvc")),
        )

    def allows(self, actor: Actor, rule: str, target: Target, parents: Parents = NO_PARENTS) -> bool:
        """Whether `rule` lets `actor` act on `target`. A rule that nobody defined means the default rule."""
        ask = self._rules.question(
            rule, actor.roles, actor.service_roles, actor.is_admin, actor.system_scope, actor.domain_id is not None
        )
        return ask if isinstance(ask, bool) else ask(actor, target, parents)

    def knows(self, rule: str) -> bool:
        """Whether a default or a file defines `rule`."""
        return rule in self._rules.known

    def required_rules(self, action: str, member: str, attributes: Mapping[str, Any] = {}) -> Requirement:
        """The rules for `action` ("create", "update" …) on a `member` ("port") that sets `attributes`.

        In: `attributes` are those that the surface marks `enforce_policy` and that the request sets (on create: to
        something other than the default), in the surface's order, which a refusal shows.
        """
        base = f"{action}_{member}"
        rules, text = [base], f"rule:{base}"
        for name, value in attributes.items():
            own = f"{base}:{name}"
            inner = [f"{own}:{key}" for key in _parts(value) if isinstance(value, list) or self.knows(f"{own}:{key}")]
            spelled = f"rule:{own}"
            if inner:
                spelled = f"({spelled} and ({' and '.join(f'rule:{rule}' for rule in inner)}))"
            rules += [own, *inner]
            text = f"({text} and {spelled})"
        return Requirement(tuple(dict.fromkeys(rules)), text)

    def require(
        self,
        actor: Actor,
        need: Requirement | str,
        target: Target,
        *,
        parents: Parents = NO_PARENTS,
        seen: str | None = None,
    ) -> None:
        """Nothing, if `actor` may do what `need` says to `target`.

        Raises: PolicyNotAuthorized or InvalidScope; HTTPNotFound instead if `seen`, the rule for looking at the target,
        is not fulfilled either: nobody learns by a refusal that something exists.
        """
        need = Requirement((need,), f"rule:{need}") if isinstance(need, str) else need
        if all(self.allows(actor, rule, target, parents) for rule in need.rules):
            return
        if seen is not None and not self.allows(actor, seen, target, parents):
            raise problems.HTTPNotFound
        scope = _facts(actor).scope
        allowed_scopes = self._rules.scopes.get(need.rules[0])
        if self._source.enforce_scope and allowed_scopes and scope not in allowed_scopes:
            raise problems.InvalidScope(rule=need.text, operation_scopes=allowed_scopes, token_scope=scope)
        raise problems.PolicyNotAuthorized(action=need.text)

    def decider(self, actor: Actor, rules: tuple[str, ...]) -> Decider[tuple[bool, ...]]:
        """A function from target (and parents) to what each of `rules` says, for use over many targets."""
        return Decider(self._rules.plan(rules, _facts(actor)), actor)

    def view(self, actor: Actor, member: str) -> Decider[frozenset[str] | None]:
        """A function from an object to the attributes that `actor` may not see; None: not even the object."""
        return Decider(self._rules.view_plan(member, _facts(actor)), actor)

    def guarded(self, member: str) -> frozenset[str]:
        """The attributes of a `member` that are for those only to whom a rule of their own shows them."""
        return frozenset(self._rules.guarded(member).values())

    def hidden(self, actor: Actor, member: str, target: Target, parents: Parents = NO_PARENTS) -> frozenset[str] | None:
        """The attributes of one object that `actor` may not see; None: not even the object."""
        return self.view(actor, member)(target, parents)


class _Rules:
    """The rules as they were read once, and what was found out about them. Never changed, only replaced."""

    def __init__(self, source: Source) -> None:
        enforcer = _enforcer(source)
        self.scopes = {name: rule.scope_types for name, rule in enforcer.registered_rules.items() if rule.scope_types}
        self.known = frozenset(enforcer.rules)
        self._enforce_scope = source.enforce_scope
        self._compiler = checks.Compiler(enforcer.rules, enforcer)
        self.guarded = functools.cache(self._attribute_rules)
        self.settled = functools.lru_cache(SETTLED_RULES)(self._settle)
        self.question = functools.lru_cache(SETTLED_RULES)(self._make_question)
        self.view_plan = functools.lru_cache(KEPT_PLANS)(self._make_view_plan)
        self.plan = functools.lru_cache(KEPT_PLANS)(self._make_plan)

    def _attribute_rules(self, member: str) -> Mapping[str, str]:
        prefix = f"get_{member}:"
        return {name: name.removeprefix(prefix) for name in sorted(self.known) if name.startswith(prefix)}

    def _settle(self, rule: str, facts: Facts) -> checks.Node:
        scopes = self.scopes.get(rule)
        if self._enforce_scope and scopes and facts.scope not in scopes:
            return checks.FALSE
        return checks.settle(self._compiler.rule(rule), facts)

    def _make_question(self, rule: str, *facts: Any) -> checks.Question | bool:
        node = self.settled(rule, Facts(*facts))
        return node.value if isinstance(node, checks.Const) else checks.question(node)

    def _make_plan(self, rules: tuple[str, ...], facts: Facts) -> "_Plan[tuple[bool, ...]]":
        return _Plan([self.settled(rule, facts) for rule in rules], tuple)

    def _make_view_plan(self, member: str, facts: Facts) -> "_Plan[frozenset[str] | None]":
        attributes = self.guarded(member)

        def conclude(answers: list[bool]) -> frozenset[str] | None:
            may_see, *may_see_attribute = answers
            if not may_see:
                return None
            return frozenset(name for name, may in zip(attributes.values(), may_see_attribute, strict=True) if not may)

        return _Plan([self.settled(rule, facts) for rule in (f"get_{member}", *attributes)], conclude)


class _Plan(Generic[T]):
    """Settled rules for one set of roles, and what they came to for each class of objects met so far."""

    def __init__(self, nodes: list[checks.Node], conclude: Callable[[list[bool]], T]) -> None:
        unique = {probe.text: probe for node in nodes for probe in checks.probes(node)}
        self._asks = tuple(probe.ask for probe in unique.values())
        self._questions = tuple(checks.question(node) for node in nodes)
        self._conclude = conclude
        self._classes: dict[tuple[bool, ...], T] = {}
        keys = [key for probe in unique.values() for key in probe.keys]
        self.attributes = frozenset(name for key in keys for name in key.on_target)
        self.parents = frozenset(key.parent for key in keys if key.parent)

    def answer(self, actor: Actor, target: Target, parents: Parents) -> T:
        kind = tuple([ask(actor, target, parents) for ask in self._asks])
        try:
            return self._classes[kind]
        except KeyError:
            found = self._conclude([ask(actor, target, parents) for ask in self._questions])
            if len(self._classes) < KEPT_CLASSES:
                self._classes[kind] = found
            return found


def source(settings: Settings) -> Source:
    """Where `settings` say the rules are."""
    options = settings.oslo_policy
    return Source(
        file=settings.policy_path(options.policy_file),
        dirs=tuple(settings.policy_path(name) for name in options.policy_dirs),
        default_rule=options.policy_default_rule,
        enforce_scope=options.enforce_scope,
        enforce_new_defaults=options.enforce_new_defaults,
        check_s=settings.wovenet.policy_check_s,
    )


def load(source: Source) -> Policy:
    """The rules of `source`. Raises: see `Policy`."""
    return Policy(source)


def _stamp(source: Source) -> tuple[tuple[str, int, int], ...]:
    """A value that changes when a policy file does."""
    stats = ((str(file), file.stat()) for file in _files(source))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _files(source: Source) -> list[Path]:
    """The files that are there."""
    files = [source.file] if source.file and source.file.exists() else []
    for directory in source.dirs:
        if directory.is_dir():
            files += [entry for entry in sorted(directory.iterdir()) if entry.is_file()]
    return files


def _facts(actor: Actor) -> Facts:
    return Facts(
        actor.roles, actor.service_roles, actor.is_admin, actor.system_scope, in_domain=actor.domain_id is not None
    )


def _parts(value: Any) -> list[str]:
    """The keys of the dictionaries in an attribute's value."""
    if isinstance(value, Mapping):
        return list(value)
    if isinstance(value, list):
        return [key for item in value if isinstance(item, Mapping) for key in item]
    return []


def _check(file: Path) -> None:
    """Raises: ValueError naming `file` if it is no mapping of rules to checks."""
    try:
        rules = policy.parse_file_contents(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    if not isinstance(rules, Mapping):
        raise ValueError(f"{file}: is not a mapping of rules to checks")


def _enforcer(source: Source) -> policy.Enforcer:
    """oslo.policy's own reading of defaults and files, with its handling of renamed rules and old defaults."""
    for path in _files(source):
        _check(path)
    conf = cfg.ConfigOpts()
    conf([], project="wovenet", default_config_files=[], default_config_dirs=[])
    file = str(source.file) if source.file else os.devnull
    opts.set_defaults(conf, policy_file=file)
    conf.set_override("policy_file", file, "oslo_policy")
    conf.set_override("policy_dirs", [str(directory) for directory in source.dirs], "oslo_policy")
    conf.set_override("policy_default_rule", source.default_rule, "oslo_policy")
    conf.set_override("enforce_new_defaults", source.enforce_new_defaults, "oslo_policy")
    enforcer = policy.Enforcer(conf, use_conf=True)
    enforcer.suppress_default_change_warnings = True
    enforcer.suppress_deprecation_warnings = True
    enforcer.register_defaults(list(policies.list_rules(with_former=not source.enforce_new_defaults)))
    enforcer.load_rules(force_reload=True)
    return enforcer
