"""What the peer took on a machine of this kind (two processors), once, for runs that have no peer at hand.

Source: Neutron 29 with ML2/OVN, MariaDB, noauth, measured by the same operations. A run that is given
`PEER_URL` measures the peer itself and uses none of this.
"""

from collections.abc import Mapping
from typing import Final

OPERATIONS_MS: Final[Mapping[str, float]] = {
    "port create": 224.0,
    "port create, 8 at once": 1000 / 7,
    "port create with host": 350.0,
    "port create, bulk of 100": 20_000.0,
    "port show": 21.0,
    "port show, 8 at once": 1000 / 104,
    "port update": 179.0,
    "port list, all (per 1 000 ports)": 2100 / 2.530,
    "port list, page of 100": 90.0,
    "port list, by device": 10.5,
    "port delete": 131.0,
    "network create": 271.0,
    "subnet create": 362.0,
    "security group rule create": 213.0,
    "security group show, 100 rules": 178.0,
}
"""Median milliseconds per operation; the list of all ports was of 2 530."""

START_S: Final = 3.0
"""To the first answer."""

MEMORY_MIB: Final = {0: 784, 2530: 1138}
"""Proportional set size of its eight processes, by number of ports."""
