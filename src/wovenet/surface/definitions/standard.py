"""Shapes that several definitions share: attributes that every object of the standard kind has."""

from typing import Any

STANDARD = (
    "networks",
    "subnets",
    "ports",
    "security_groups",
    "security_group_rules",
    "address_groups",
    "subnetpools",
    "logs",
    "segments",
    "network_segment_ranges",
)
"""Collections whose objects carry description, revision and timestamps."""

TAGGED = ("networks", "subnets", "ports", "security_groups", "subnetpools", "network_segment_ranges")
"""Collections whose objects can be tagged."""


def on(collections: tuple[str, ...], **attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An attribute map that gives each of `collections` the same `attributes`."""
    return {collection: dict(attributes) for collection in collections}
