"""How much of each quota is used. Source: Networking API reference."""

from typing import Any

ALIAS = "quota_details"
NAME = "Quota details management support"
DESCRIPTION = "Expose functions for quotas usage statistics per project"
UPDATED_TIMESTAMP = "2017-02-10T10:00:00-00:00"
REQUIRED_EXTENSIONS = ["quotas"]
RESOURCE_ATTRIBUTE_MAP: dict[str, Any] = {}
