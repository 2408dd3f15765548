"""Names that can be asked for inside a network: a unit of its own for each network, so that a port that is named,
moved or removed renders one row besides its own, and a port without a name renders none.
"""
