"""How the registry names a definition. Apart from `merge`, so that naming one does not import neutron-lib."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """One line of the registry: an alias, the module that defines it, and which attributes it may redefine.

    `module` is neutron-lib's (`neutron_lib.api.definitions.<module>`), or ours if it starts with a dot.
    """

    alias: str
    module: str
    overrides: frozenset[str] = frozenset()
    """`collection.attribute` names that an earlier definition has, and that this one replaces on purpose."""
