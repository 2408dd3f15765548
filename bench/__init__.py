"""How fast Wovenet is, as ratios in one run: against the physical floor, and against a running peer."""
