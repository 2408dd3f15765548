"""Pure values: what the domain talks about. Imports nothing of ours, does no I/O."""
