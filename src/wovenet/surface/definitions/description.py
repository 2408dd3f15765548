"""`description` on every standard object. Source: Networking API reference."""

from wovenet.surface.definitions import standard

ALIAS = "standard-attr-description"
NAME = "standard-attr-description"
DESCRIPTION = "Extension to add descriptions to standard attributes"
UPDATED_TIMESTAMP = "2016-02-10T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
RESOURCE_ATTRIBUTE_MAP = standard.on(
    standard.STANDARD,
    description={
        "allow_post": True,
        "allow_put": True,
        "validate": {"type:string": 255},
        "default": "",
        "is_visible": True,
        "is_filter": True,
    },
)
