"""OVN: rows as a function of views, and the raw OVSDB client that brings them to the databases."""
