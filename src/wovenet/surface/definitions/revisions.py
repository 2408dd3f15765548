"""`revision_number` on every standard object. Source: Networking API reference."""

from neutron_lib.api import converters

from wovenet.surface.definitions import standard

ALIAS = "standard-attr-revisions"
NAME = "Resource revision numbers"
DESCRIPTION = "This extension will display the revision number of neutron resources."
UPDATED_TIMESTAMP = "2016-04-11T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
RESOURCE_ATTRIBUTE_MAP = standard.on(
    standard.STANDARD,
    revision_number={
        "allow_post": False,
        "allow_put": False,
        "is_visible": True,
        "is_filter": True,
        "convert_to": converters.convert_to_int,
        "default": 0,
    },
)
