"""Wovenet: the OpenStack Networking v2.0 API on OVN, in one light program."""

__version__ = "0.1.0"
