"""Agents, as clients list them: with OVN they are hosts seen through the agents API."""
