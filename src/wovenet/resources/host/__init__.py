"""Hosts as the Southbound database reports them: what a port can be bound to."""
