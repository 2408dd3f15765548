"""A deployment as the peer runs it: every network has a metadata port."""

import dataclasses

import pytest

from wovenet.settings import Settings
from wovenet.settings.networking import Ovn


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return dataclasses.replace(settings, ovn=Ovn(ovn_metadata_enabled=True))
