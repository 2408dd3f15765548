"""What can be logged. Pure."""

from typing import Final

from wovenet.model import problems

SECURITY_GROUP: Final = "security_group"
LOGGABLE: Final = (SECURITY_GROUP,)
"""Types of resources whose packets can be logged."""

ACCEPT: Final = "ACCEPT"
DROP: Final = "DROP"
ALL: Final = "ALL"


def check_type(resource_type: str) -> None:
    """Raises: InvalidLogResourceType if there is nothing to log of such resources."""
    if resource_type not in LOGGABLE:
        raise problems.InvalidLogResourceType(resource_type=resource_type)


def accepts(event: str) -> bool:
    """Whether packets that are let through are logged."""
    return event in (ACCEPT, ALL)


def drops(event: str) -> bool:
    """Whether packets that are stopped are logged."""
    return event in (DROP, ALL)
