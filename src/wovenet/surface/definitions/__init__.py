"""Definitions that neutron-lib lacks, in its shape. Source: the public Networking API reference."""
