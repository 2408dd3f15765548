"""What a grant may say, and whom taking it away would leave without a right. Pure.

Source: Networking API reference, "RBAC policies"; statuses and types as Neutron 29 answers.
"""

from collections.abc import Collection, Sequence
from typing import Any

from wovenet.model import problems

EVERYONE = "*"
_HEX_DIGITS = 32


def check_action(object_type: str, action: Any, actions: Sequence[str]) -> None:
    """Nothing, if objects of this type can be granted by `action`. Raises: InvalidActionForType."""
    if action not in actions:
        raise problems.InvalidActionForType(action=action, object_type=object_type, valid_actions=tuple(actions))


def check_target(target: Any) -> None:
    """Nothing, if `target` can be a project, or is everyone. Raises: InvalidInput."""
    digits = target.replace("-", "").lower() if isinstance(target, str) else ""
    is_uuid = len(digits) == _HEX_DIGITS and not set(digits) - set("0123456789abcdef")
    if target != EVERYONE and not is_uuid:
        raise problems.InvalidInput(
            error_message=f"'{target}' is not a valid target project ID; expected a UUID or '*'"
        )


def leaves_without_right(users: Collection[str], owner: str, *, target: str, others: Collection[str]) -> bool:
    """Whether one of the `users` needs the grant to `target`: it has no other right to the object.

    In: `owner` of the object; `others` are the targets of the object's other grants of the same action.
    """
    if EVERYONE in others:
        return False
    if target == EVERYONE:
        return bool(set(users) - set(others) - {owner})
    return target != owner and target in users
