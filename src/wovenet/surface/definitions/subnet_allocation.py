"""Subnets out of pools. The pools themselves are part of the core API. Source: Networking API reference."""

from typing import Any

ALIAS = "subnet_allocation"
NAME = "Subnet Allocation"
DESCRIPTION = "Enables allocation of subnets from a subnet pool"
UPDATED_TIMESTAMP = "2015-03-30T10:00:00-00:00"
REQUIRED_EXTENSIONS: list[str] = []
RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {}
