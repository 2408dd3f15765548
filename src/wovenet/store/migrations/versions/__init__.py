"""One file for each step of the schema, numbered in their order. Source: `python -m wovenet.store.migrations new`."""
