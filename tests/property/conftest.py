"""The same examples in every run, and no more than the suite has time for. `WOVENET_EXAMPLES` asks for more."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "bounded",
    max_examples=int(os.environ.get("WOVENET_EXAMPLES", "80")),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("bounded")
