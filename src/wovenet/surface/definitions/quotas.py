"""Quotas of a project. Its attributes are the counted resources, so the map is empty. Source: API reference."""

from typing import Any

ALIAS = "quotas"
NAME = "Quota management support"
DESCRIPTION = "Expose functions for quotas management per project"
UPDATED_TIMESTAMP = "2012-07-29T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
RESOURCE_ATTRIBUTE_MAP: dict[str, Any] = {}
