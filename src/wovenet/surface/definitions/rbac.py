"""RBAC policies: grants of access to an object, as objects themselves. Source: Networking API reference.

The types of objects and the actions are checked by `resources.rbac_policy.rules`: they have problems of their own.
"""

from typing import Any

ALIAS = "rbac-policies"
NAME = "RBAC Policies"
DESCRIPTION = "Allows creation and modification of policies that control project access to resources."
UPDATED_TIMESTAMP = "2015-06-17T12:15:12-00:00"
REQUIRED_EXTENSIONS: list[str] = []


def _attribute(**spec: Any) -> dict[str, Any]:
    return {"allow_post": True, "allow_put": False, "is_visible": True, "is_filter": True, **spec}


RESOURCE_ATTRIBUTE_MAP: dict[str, dict[str, Any]] = {
    "rbac_policies": {
        "id": _attribute(allow_post=False, validate={"type:uuid": None}, primary_key=True),
        "object_type": _attribute(validate={"type:string": 255}),
        "object_id": _attribute(validate={"type:uuid": None}),
        "target_tenant": _attribute(allow_put=True, enforce_policy=True, required_by_policy=True),
        "tenant_id": _attribute(validate={"type:string": 255}, required_by_policy=True),
        "action": _attribute(validate={"type:string": 255}),
    },
}
