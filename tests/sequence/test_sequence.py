"""Whatever way leads to a state, NB ends up the same: rows are a function of the state, not of its history.

Named complete states, in paths; each path is walked by each expander, and what NB has at the end is compared with what
it has when the last state is brought to an empty NB at once. Every walk ends in an audit that finds nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests import ovsdb_servers
from tests.ovsdb_servers import CLOCK
from tests.reconcile.world import DEPLOYMENT, EMPTY, Group, Net, Port, State, Subnet, World, id_of
from wovenet.reconcile import audit
from wovenet.store.engine import make_engine
from wovenet.store.schema import METADATA
from wovenet.store.tx import Store

WEB = {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}

STATES: Mapping[str, State] = {
    "empty": EMPTY,
    "one network": State(nets=(Net("n"),)),
    "an instance": State(
        nets=(Net("n"),),
        subnets=(Subnet("s", "n"),),
        groups=(Group("g", ({}, {"direction": "egress"})),),
        ports=(Port("p", "n", (("s", "10.0.0.5"),), ("g",), host="hv1"),),
    ),
    "the instance is up": State(
        nets=(Net("n"),),
        subnets=(Subnet("s", "n"),),
        groups=(Group("g", ({}, {"direction": "egress"})),),
        ports=(Port("p", "n", (("s", "10.0.0.5"),), ("g",), host="hv1", status="ACTIVE", revision=2),),
    ),
    "options of its own": State(
        nets=(Net("n"),),
        subnets=(Subnet("s", "n", dns=("9.9.9.9",), revision=1),),
        groups=(Group("g", ({}, {"direction": "egress"})),),
        ports=(
            Port("p", "n", (("s", "10.0.0.5"),), ("g",), options=(("tftp-server", "t", 4), ("mtu", "1300", 4))),
        ),
    ),
    "another group": State(
        nets=(Net("n"),),
        subnets=(Subnet("s", "n"),),
        groups=(Group("g", (WEB,)), Group("h", ({"remote": "g"}, {"remote": "h"}), stateful=False)),
        ports=(Port("p", "n", (("s", "10.0.0.5"),), ("h",)), Port("q", "n", (("s", "10.0.0.6"),), ("g", "h"), dns="q")),
    ),
    "no filter": State(
        nets=(Net("n", mtu=1300, revision=2),),
        subnets=(Subnet("s", "n", dhcp=False, revision=1),),
        groups=(Group("g"),),
        ports=(Port("p", "n", (("s", "10.0.0.5"),), security=False), Port("q", "n", up=False, groups=("g",))),
    ),
    "two networks": State(
        nets=(Net("n", segments=(("vlan", "physnet1", 100),)), Net("m", segments=(("flat", "physnet2", None),))),
        subnets=(Subnet("s", "n"), Subnet("s6", "m", "fd00::/64", None, version=6, mode="dhcpv6-stateful")),
        groups=(Group("g", (WEB, {"ethertype": "IPv6", "cidr": None})),),
        ports=(
            Port("p", "n", (("s", "10.0.0.5"),), ("g",), pairs=(("fa:16:3e:00:00:01", "10.0.0.9"),)),
            Port("r", "m", (("s6", "fd00::5"),), ("g",), options=(("domain-search", "a.b", 6),)),
        ),
    ),
    "metadata": State(
        nets=(Net("n"),),
        subnets=(Subnet("s", "n", gateway=None),),
        ports=(
            Port("meta", "n", (("s", "10.0.0.2"),), security=False, owner="network:distributed",
                 device=f"ovnmeta-{id_of('n')}"),
            Port("p", "n", (("s", "10.0.0.5"),)),
        ),
    ),
}  # fmt: skip

PATHS = (
    ("one network", "an instance", "the instance is up"),
    ("an instance", "options of its own", "an instance"),
    ("an instance", "another group", "no filter"),
    ("no filter", "options of its own", "another group"),
    ("two networks", "an instance", "two networks"),
    ("metadata", "no filter", "metadata"),
    ("two networks", "another group", "empty"),
)

Walk = Iterator[State | None]
"""States to go to; None: settle."""


def straight(path: list[State]) -> Walk:
    for state in path:
        yield state
        yield None


def squashed(path: list[State]) -> Walk:
    yield from path
    yield None


def reversed_first(path: list[State]) -> Walk:
    yield from straight([*reversed(path), path[-1]])


def reordered(path: list[State]) -> Walk:
    yield from straight([path[1], path[0], path[-1]])


def emptied_between(path: list[State]) -> Walk:
    for state in path:
        yield EMPTY
        yield None
        yield state
        yield None


def emptied_and_squashed(path: list[State]) -> Walk:
    for state in path:
        yield EMPTY
        yield state
    yield None


def split(path: list[State]) -> Walk:
    """From one state to the next through every stage of taking apart and putting together."""
    for before, after in pairwise([EMPTY, *path]):
        yield replace(before, ports=())
        yield None
        yield State(nets=before.nets)
        yield None
        yield State(nets=after.nets)
        yield None
        yield replace(after, ports=(), groups=())
        yield None
        yield replace(after, ports=())
        yield None
        yield after
        yield None


def split_and_squashed(path: list[State]) -> Walk:
    yield from (state for state in split(path) if state is not None)
    yield None


EXPANDERS: tuple[Callable[[list[State]], Walk], ...] = (
    straight, squashed, reversed_first, reordered, emptied_between, emptied_and_squashed, split, split_and_squashed,
)  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What NB has when each state is brought to an empty one at once."""
    found = {}
    for name, state in STATES.items():
        directory: Path = tmp_path_factory.mktemp("once")
        engine = make_engine(f"sqlite:///{directory}/wovenet.db")
        METADATA.create_all(engine)
        with ovsdb_servers.serving(directory) as server:
            once = World(Store(engine, CLOCK), server)
            once.lead()
            once.become(state)
            once.settle()
            assert once.states() == {}
            found[name] = once.nb()
            once.client.close()
        engine.dispose()
    return found


def _ends_as_expected(world: World, expected: Any) -> None:
    assert world.states() == {}
    assert world.nb() == expected
    report = audit.run(world.store, world.client, DEPLOYMENT)
    assert report.is_clean, report
    assert report.unsettled == 0
    assert report.strangers == {}


@pytest.mark.parametrize("expander", EXPANDERS, ids=lambda expander: expander.__name__)
@pytest.mark.parametrize("path", PATHS, ids=" - ".join)
def test_every_way_leads_to_the_same_rows(
    world: World, expected: Mapping[str, Any], path: tuple[str, ...], expander: Callable[[list[State]], Walk]
) -> None:
    for state in expander([STATES[name] for name in path]):
        if state is None:
            world.settle()
        else:
            world.become(state)

    _ends_as_expected(world, expected[path[-1]])


@pytest.mark.parametrize("path", PATHS, ids=" - ".join)
def test_a_new_controller_at_every_step(
    world: World, make_world: Callable[..., World], expected: Mapping[str, Any], path: tuple[str, ...]
) -> None:
    leader = world
    for name in path:
        leader.become(STATES[name])
        heir = make_world()
        heir.state = leader.state
        leader.client.close()
        heir.lead()
        heir.settle()
        leader = heir

    _ends_as_expected(leader, expected[path[-1]])
