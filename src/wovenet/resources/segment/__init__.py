"""Segments of networks: what carries a network on the wire."""
