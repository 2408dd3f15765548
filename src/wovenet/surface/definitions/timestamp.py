"""`created_at` and `updated_at` on every standard object. Source: Networking API reference."""

from wovenet.surface.definitions import standard

ALIAS = "standard-attr-timestamp"
NAME = "Resource timestamps"
DESCRIPTION = "Adds created_at and updated_at fields to all Neutron resources that have Neutron standard attributes."
UPDATED_TIMESTAMP = "2016-09-12T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
_TIME = {"allow_post": False, "allow_put": False, "is_visible": True}
RESOURCE_ATTRIBUTE_MAP = standard.on(standard.STANDARD, created_at=_TIME, updated_at=_TIME)
