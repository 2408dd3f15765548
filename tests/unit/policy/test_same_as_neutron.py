"""Every rule of Neutron 29 is one of ours, and its default means the same."""

import json
from pathlib import Path

import pytest
from oslo_policy import _parser

from wovenet import policies

NEUTRON = json.loads(Path(__file__).with_name("neutron.json").read_text())
"""Rule → its default check and the scopes of tokens that it takes. Source: the sample policy of Neutron 29."""
OURS = {rule.name: rule for rule in policies.ALL}
MORE = {"update_security_group_rule"}
"""Asked for by the API's verbs, where Neutron falls back to the rule named default."""


@pytest.mark.parametrize("name", NEUTRON)
def test_a_default_means_the_same(name: str) -> None:
    check, scopes = NEUTRON[name]
    assert str(_parser.parse_rule(OURS[name].check)) == str(_parser.parse_rule(check))
    assert list(OURS[name].scopes) == scopes


def test_there_are_no_others() -> None:
    assert set(OURS) - set(NEUTRON) == MORE
