"""Addresses: which one a port gets, and that nobody else gets it."""
