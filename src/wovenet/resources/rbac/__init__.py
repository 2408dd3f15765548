"""Who besides the owner may see or use an object: the grants that `shared` and the collection rbac_policies show."""
