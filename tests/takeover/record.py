"""`python -m tests.takeover.record`: makes the scene in a running Neutron, writes `neutron.json`, and cleans up.

In the environment: `PEER_URL`, `PEER_NB` (as for `tests.peer`), `PEER_DB`: the URL of its database, which is only read,
and `PEER_SB`, so that ports can be plugged. The service must be as `tests/peer/README.md` says, with hosts hv1 and hv2;
where bindings may be prepared by an administrator, they are recorded too.
"""

import os

from tests.peer import endpoint
from tests.takeover import dump
from tests.takeover.scene import Scene


def main() -> None:
    service = endpoint.from_environment()
    scene = Scene(service, os.environ.get("PEER_SB"))
    try:
        scene.make()
        dump.write(dump.taken(os.environ["PEER_DB"], os.environ["PEER_NB"], service))
    finally:
        scene.unmake()


if __name__ == "__main__":
    main()
