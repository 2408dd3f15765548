"""All settings as one frozen value: `load` reads them, everything else is given them."""

from wovenet.settings.load import BadSettings, Report, load
from wovenet.settings.options import Secret
from wovenet.settings.tree import GROUPS, Settings

__all__ = ["GROUPS", "BadSettings", "Report", "Secret", "Settings", "load"]
