"""What importing the API brings in."""

import subprocess
import sys

NOT_NEEDED = (
    "eventlet",
    "mako",
    "neutron_lib.db.api",
    "os_ken.lib.packet.bgp",
    "osprofiler",
    "pecan",
    "sqlalchemy.orm",
)

_IMPORT = f"""
import sys
import wovenet.api.app
from wovenet.surface import merge
print([name for name in {NOT_NEEDED!r} if name in sys.modules])
"""

_AFTERWARDS = """
from wovenet.surface import lib
from neutron_lib.db import api
from os_ken.lib import packet
print(api.CONTEXT_READER is not None, hasattr(packet, "packet"))
"""


def test_the_api_brings_in_no_library_that_it_does_not_use() -> None:
    assert _printed(_IMPORT) == "[]"


def test_what_was_left_out_can_be_imported_afterwards() -> None:
    assert _printed(_AFTERWARDS) == "True True"


def _printed(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()
