"""Addresses of ports: what a request asks for (`rules`, pure) and how it is claimed and given back (`claims`)."""
