"""One folder per collection: its tables, rules, actions, view, rows and policies."""
