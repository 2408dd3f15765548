"""`tags` on every taggable object. Source: Networking API reference."""

from wovenet.surface.definitions import standard

ALIAS = "standard-attr-tag"
NAME = "Tag support for resources with standard attribute: port, subnet, network, security_group"
DESCRIPTION = "Enables to set tag on resources with standard attribute."
UPDATED_TIMESTAMP = "2017-01-01T00:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
RESOURCE_ATTRIBUTE_MAP = standard.on(
    standard.TAGGED,
    tags={"allow_post": False, "allow_put": False, "is_visible": True},
)
