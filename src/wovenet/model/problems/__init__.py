"""What can go wrong, as names and fields.

The class name is what a client matches on (`NeutronError.type`); the fields are what the text at the edge is made of.
No text here: `api/faults.py` is the one table that turns a problem into a status and a sentence.
"""

from wovenet.model.problems.base import *  # noqa: F403
from wovenet.model.problems.networks import *  # noqa: F403
from wovenet.model.problems.pools import *  # noqa: F403
from wovenet.model.problems.requests import *  # noqa: F403
from wovenet.model.problems.security import *  # noqa: F403
from wovenet.model.problems.sharing import *  # noqa: F403
