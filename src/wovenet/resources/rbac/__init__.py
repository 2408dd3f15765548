"""Who besides the owner may see or use an object: the `shared` attribute, and later the rbac-policies collection."""
