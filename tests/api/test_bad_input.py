"""Whatever is sent: no failure of ours, an error in the one shape that clients parse, nothing changed, nothing told.

The values are tried on every attribute of every collection, as the surface names them, so a new attribute is tried as
soon as it is there.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import Answer, Client
from tests.databases import server_directory
from tests.deployment import REGISTRY, deployment
from wovenet.api import routes
from wovenet.api.service import Service

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
LONG = "x" * 65536
DEEP_LIST = json.loads("[" * 900 + "]" * 900)
DEEP_DICT = json.loads('{"a":' * 900 + "1" + "}" * 900)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 10**9, 2**31, 2**63, -(2**63) - 1, 10**30, 1.5, -0.0, 1e308,
    "", " ", "x", LONG, "None", "٣", "１２", "a\0b", "\x1b[31m\n", "'; DROP TABLE ports; --", "%", "_", "\u202e",
    "\U0001f600",
    "<object object at 0x7f00>", "10.0.0.0/8", "10.0.0.300", "fd00::/129", "::ffff:10.0.0.1", "fa:16:3e:00:00:zz",
    "-1", "1e3",
    NOBODYS_ID, NOBODYS_ID.replace("-", ""), [], [None], [[]], [{}], ["x"], [1.5], ["x", "x"], [NOBODYS_ID], [LONG],
    ["x"] * 3000,
    {}, {"x": 1}, {"": None}, {"ip_address": 1}, [{"ip_address": None}], [{"subnet_id": {}}], [{"start": 1, "end": []}],
    [{"destination": {}, "nexthop": None}], [{"opt_name": 1, "opt_value": []}], [{"ip_address": "x",
    "mac_address": {}}],
    DEEP_LIST, DEEP_DICT, [DEEP_DICT], {"x": DEEP_LIST}, {"x": 10**30}, {"x": "\0"}, {"\0": "x"},
)  # fmt: skip
TELLS = re.compile(r"Traceback|sqlalchemy|sqlite|psycopg|pymysql|IntegrityError|/work/|site-packages|\.py\b|line \d+")
MAKE: Mapping[str, Mapping[str, Any]] = {
    "subnets": {"network_id": "network", "ip_version": 4, "cidr": "10.77.0.0/24"},
    "ports": {"network_id": "network"},
    "security_group_rules": {"security_group_id": "security_group", "direction": "ingress", "protocol": "gre"},
    "rbac_policies": {"object_type": "network", "object_id": "network", "action": "access_as_shared"},
    "default_security_group_rules": {
        "direction": "ingress",
        "protocol": "gre",
        "used_in_default_sg": True,
        "used_in_non_default_sg": True,
    },
    "subnetpools": {"name": "p", "prefixes": ["10.88.0.0/16"]},
    "address_scopes": {"name": "s", "ip_version": 4},
    "address_groups": {"name": "a"},
}
"""What a POST has to say besides the attribute that is tried. "network" and such stand for the id of one."""


class Target:
    """A deployment with one object of each kind, and a way to see whether anything was committed.

    What was committed is only watched on SQLite. What SQLite accepts is then asked of the other databases as well:
    they are stricter about lengths, ranges and characters.
    """

    def __init__(self, client: Client, database: Path | None) -> None:
        self.client = client
        self._watch = sqlite3.connect(database, check_same_thread=False) if database else None
        self._accepted: dict[Trial, list[Any]] = {}
        self.ids: dict[str, str] = {}
        make = client.make
        network = make("/v2.0/networks", {"network": {}})["id"]
        subnet = make("/v2.0/subnets", {"subnet": {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/24"}})[
            "id"
        ]
        port = make("/v2.0/ports", {"port": {"network_id": network}})["id"]
        group = make("/v2.0/security-groups", {"security_group": {"name": "s"}})["id"]
        rule = {"security_group_id": group, "direction": "ingress"}
        made = {
            name: make(self.path(name), self.body(name)) for name in ("subnetpools", "address_scopes", "address_groups")
        }
        self.ids |= {REGISTRY.surface.collections[name].member: one["id"] for name, one in made.items()}
        self.ids |= {
            "network": network,
            "subnet": subnet,
            "port": port,
            "security_group": group,
            "security_group_rule": make("/v2.0/security-group-rules", {"security_group_rule": rule})["id"],
        }

    def ask(self, method: str, target: str, body: Any = None, **options: Any) -> Answer:
        """The answer to a request, which is what this module promises, whatever was asked."""
        before = self._version()
        answer = self.client.ask(method, target, body, **options)
        assert answer.status < 500, f"{method} {target[:200]} {str(body)[:300]}: {answer.text}"
        if answer.status >= 400:
            assert self._version() == before, f"{method} {target[:200]} was refused and changed something"
            self._check_refusal(answer, method)
        return answer

    def _version(self) -> int:
        """Changes with every transaction that another connection commits."""
        if self._watch is None:
            return 0
        [(version,)] = self._watch.execute("PRAGMA data_version")
        return int(version)

    @staticmethod
    def _check_refusal(answer: Answer, method: str) -> None:
        assert answer.headers["x-openstack-request-id"].startswith("req-")
        if method != "HEAD":
            assert answer.headers["content-type"].startswith("application/json")
            error = answer.body["NeutronError"]
            assert set(error) == {"type", "message", "detail"}
            assert error["type"] and isinstance(error["message"], str) and error["detail"] == ""
            assert not TELLS.search(error["message"]), error["message"][:500]

    def accepted(self, trial: "Trial") -> list[Any]:
        """The values among VALUES that are accepted; all are tried, once."""
        if trial not in self._accepted:
            self._accepted[trial] = [value for value in VALUES if self.accepts(trial, value)]
        return self._accepted[trial]

    def accepts(self, trial: "Trial", value: Any) -> bool:
        """Whether an attribute can have the value. What was made for that is gone again."""
        method, collection, attribute = trial
        member = REGISTRY.surface.collections[collection].member
        if method == "PUT":
            where = f"{self.path(collection)}/{self.ids.get(member, NOBODYS_ID)}"
            return self.ask("PUT", where, {member: {attribute: value}}).status == 200
        answer = self.ask("POST", self.path(collection), self.body(collection, **{attribute: value}))
        if answer.status == 201:
            assert self.ask("DELETE", f"{self.path(collection)}/{answer.body[member]['id']}").status == 204
        return answer.status == 201

    def path(self, collection: str) -> str:
        return f"/v2.0/{REGISTRY.surface.collections[collection].path}"

    def body(self, collection: str, **attributes: Any) -> dict[str, Any]:
        """A creation that is fine but for `attributes`."""
        given = {name: self.ids.get(str(value), value) for name, value in MAKE.get(collection, {}).items()}
        return {REGISTRY.surface.collections[collection].member: {**given, **attributes}}


Trial = tuple[str, str, str]
"""Method, collection, attribute."""
UNLIMITED = {f"quotas.quota_{one.quota}": -1 for one in REGISTRY.resources.values() if one.quota}


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with server_directory("bad") as directory, deployment(directory, **UNLIMITED) as running:
        yield Target(running.client, directory / "db")


@pytest.fixture(params=["postgresql", "mariadb"])
def other(request: pytest.FixtureRequest, state_dir: Path) -> Iterator[Target]:
    """The same on a stricter database."""
    with deployment(state_dir, url=request.getfixturevalue(f"{request.param}_url"), **UNLIMITED) as running:
        yield Target(running.client, None)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with server_directory("routes") as directory, deployment(directory) as running:
        yield running.service


COLLECTIONS = sorted(REGISTRY.surface.collections)
TRIALS: list[Trial] = [
    (method, collection, attribute)
    for collection in COLLECTIONS
    for attribute in (*sorted(REGISTRY.surface.collections[collection].attributes), "project_id", "no_such_attribute")
    for method in ("POST", "PUT")
]


@pytest.mark.parametrize("trial", TRIALS, ids="-".join)
def test_any_value_of_any_attribute(target: Target, trial: Trial) -> None:
    assert len(target.accepted(trial)) < len(VALUES)


def test_what_one_database_takes_they_all_take(target: Target, other: Target) -> None:
    for trial in TRIALS:
        for value in target.accepted(trial):
            if not _is_plain(value):
                assert other.accepts(trial, value), f"{trial} {value!r}"
    for collection in COLLECTIONS:
        for name in REGISTRY.surface.collections[collection].attributes:
            for text in ("9" * 400, "%ff%00"):
                query = f"{target.path(collection)}?{name}={text}&limit=1&marker={text}"
                assert other.ask("GET", query).status == target.ask("GET", query).status


def _is_plain(value: Any) -> bool:
    """Whether no database could mind the value."""
    return (
        value is None or isinstance(value, bool) or (isinstance(value, str) and value.isprintable() and value.isascii())
    )


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_any_body(target: Target, collection: str) -> None:
    name, member = collection, REGISTRY.surface.collections[collection].member
    bodies: list[Any] = [value for value in VALUES if not isinstance(value, dict)]
    for value in VALUES:
        bodies += [{member: value}, {name: value}, {name: [value]}, {name: [{member: value}]}, {member: [value]}]
    for body in bodies:
        for method, where in (("POST", target.path(name)), ("PUT", f"{target.path(name)}/{NOBODYS_ID}")):
            answer = target.ask(method, where, body)
            for made in _made(answer, name, member):
                target.ask("DELETE", f"{where}/{made['id']}")


def _made(answer: Answer, name: str, member: str) -> list[dict[str, Any]]:
    if answer.status != 201:
        return []
    found: Any = answer.body.get(name, answer.body.get(member))
    return list(found) if isinstance(found, list) else [found]


RAW = (
    b"", b" ", b"{", b"}", b"{bad", b'{"network": {"name": "\\ud800"}}', b'{"network": {"name": "\xff"}}',
    b"\xff\xfe{}",
    b'{"network": {"mtu": NaN}}', b'{"network": {"mtu": Infinity}}', b'{"network": {"mtu": 1e999}}', b"\0", b"nul",
    b"tru",
    b'{"network": {}}{}', b'{"network": {},}', b"'network'", b"network=a", b"<network/>", b'{"network":' * 100_000,
    b"[" * 1_000_000, b'{"network": {"name": "' + b"x" * 9_000_000 + b'"}}',
    b'{"network": {"mtu": 1' + b"0" * 5000 + b"}}",
)  # fmt: skip


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:30]))
def test_any_bytes(target: Target, raw: bytes) -> None:
    for method, where in (
        ("POST", "/v2.0/networks"),
        ("PUT", f"/v2.0/networks/{target.ids['network']}"),
        ("PUT", f"/v2.0/networks/{target.ids['network']}/tags"),
        ("PUT", "/v2.0/quotas/somebody"),
    ):
        assert 400 <= target.ask(method, where, raw=raw).status < 500


IDS = (
    "%", "_", "%25", "'", "%27", "%22", "%00", "%ff", "%C3%28", "..", ".", "%2e%2e", "%2F", "%5C", ";", "a;b",
    "a b", "+", "*",
    "%0d%0aX:y", "%E2%80%AE", "x" * 10_240, "%25" * 3000, "null", "None", "-1", "0", "1e9", "{}", "[]", "<x>", "٣",
    NOBODYS_ID,
    NOBODYS_ID.upper(), "tags", "default", "details",
)  # fmt: skip


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_any_id(target: Target, collection: str) -> None:
    member = REGISTRY.surface.collections[collection].member
    for one in IDS:
        where = f"{target.path(collection)}/{one}"
        assert target.ask("GET", where).status in (404, 406)
        assert target.ask("PUT", where, {member: {}}).status in (404, 405)
        assert target.ask("DELETE", where).status in (404, 405)
        for method in ("GET", "PUT", "POST", "DELETE"):
            assert target.ask(method, f"{where}/tags", {"tags": ["a"]}).status in (404, 405)
            assert target.ask(method, f"{where}/tags/a").status in (404, 405)


ACTIONS = [
    (collection, action.name) for collection in COLLECTIONS for action in REGISTRY.resources[collection].member_actions
]


@pytest.mark.parametrize(("collection", "action"), ACTIONS)
def test_any_action(target: Target, other: Target, collection: str, action: str) -> None:
    given = ("addresses", "prefixes", "network_id")
    for one in (target, other):
        made = one.client.make(one.path(collection), one.body(collection))
        where = f"{one.path(collection)}/{made['id']}"
        for value in VALUES:
            one.ask("PUT", f"{where}/{action}", value)
            one.ask("PUT", f"{where}/{action}", dict.fromkeys(given, value))
            one.ask("PUT", f"{where}/{action}", {name: [value] for name in given})
        assert one.ask("DELETE", where).status == 204


def test_any_tag(target: Target) -> None:
    where = f"/v2.0/ports/{target.ids['port']}/tags"
    for one in IDS:
        if target.ask("PUT", f"{where}/{one}").status == 201:
            assert target.ask("GET", f"{where}/{one}").status == 204
            assert target.ask("DELETE", f"{where}/{one}").status == 204
    for value in VALUES:
        target.ask("PUT", where, {"tags": value})
        target.ask("POST", where, {"tags": [value]})
    assert target.ask("PUT", where, {"tags": []}).status == 200


def test_any_quota(target: Target) -> None:
    for one in IDS:
        for end in ("", "/default", "/details"):
            target.ask("GET", f"/v2.0/quotas/{one}{end}")
        target.ask("PUT", f"/v2.0/quotas/{one}", {"quota": {"network": 5}})
        target.ask("DELETE", f"/v2.0/quotas/{one}")
    for value in VALUES:
        target.ask("PUT", "/v2.0/quotas/somebody", {"quota": {"network": value}})
        target.ask("PUT", "/v2.0/quotas/somebody", {"quota": value})


TEXTS = (
    "", "x", "%", "%zz", "%ff", "%00", "%F0%28", "'", "1", "-1", "0", "1.5", "1e3", "9" * 400, "٣", "true",
    "x" * 10_240, "a=b",
    "ip_address=", "ip_address=%00", "subnet_id=%ff", "ip_address_substr=%25", "a,b,,", ",", "%2C", NOBODYS_ID,
    "None", "null",
)  # fmt: skip
PARAMETERS = (
    "limit", "marker", "page_reverse", "sort_key", "sort_dir", "fields", "bogus", "", "tags", "tags-any", "not-tags",
    "not-tags-any", "fixed_ips", "project_id", "tenant_id", "id", "changed_since", "%00", "%ff",
)  # fmt: skip


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_any_query(target: Target, collection: str) -> None:
    names = [*PARAMETERS, *REGISTRY.surface.collections[collection].attributes]
    for name in names:
        for text in TEXTS:
            target.ask("GET", f"{target.path(collection)}?{name}={text}")
        for rest in ("", "&", "=", "&&=&", f"=1&{name}=2&{name}=3"):
            target.ask("GET", f"{target.path(collection)}?{name}{rest}")
    for text in TEXTS:
        for query in (f"sort_key={text}&sort_dir=asc", f"sort_key=id&sort_dir={text}", f"limit=1&marker={text}"):
            target.ask("GET", f"{target.path(collection)}?{query}")


HEADERS = (
    {"accept": "text/html"}, {"accept": ""}, {"accept": "x" * 10_240}, {"accept": ";;;"},
    {"if-match": "revision_number="},
    {"if-match": "revision_number=" + "9" * 400}, {"if-match": "revision_number=٣"}, {"if-match": "x" * 10_240},
    {"if-match": "revision_number=1,revision_number=2"}, {"content-type": "x"}, {"x-roles": ""}, {"x-roles": ",,,"},
    {"x-project-id": ""}, {"x-project-id": "x" * 10_240}, {"x-user-id": "\xff"}, {"range": "bytes=0-1"},
    {"expect": "x"},
    {"if-modified-since": "x"}, {"x-forwarded-proto": "javascript"}, {"transfer-encoding": "chunked"},
)  # fmt: skip


@pytest.mark.parametrize("headers", HEADERS, ids=lambda headers: str(headers)[:40])
def test_any_header(target: Target, headers: dict[str, str]) -> None:
    port = target.ids["port"]
    for who in ("admin", "reader"):
        target.ask("GET", "/v2.0/ports", who=who, headers=headers)
        target.ask("PUT", f"/v2.0/ports/{port}", {"port": {"name": "x"}}, who=who, headers=headers)
        target.ask("POST", "/v2.0/networks", {"network": {"mtu": -1}}, who=who, headers=headers)


@pytest.mark.parametrize("length", ["", "-1", "x", "1.5", "9" * 30, "٣", "1000000", "1"])
def test_any_length(target: Target, length: str) -> None:
    answer = target.ask("POST", "/v2.0/networks", {"network": {"mtu": -1}}, length=length)
    assert 400 <= answer.status < 500


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "G%00T")


def test_any_method(target: Target, service: Service) -> None:
    for route in routes.table(service):
        where = re.sub(r"\{.*?\}", NOBODYS_ID, route.template)
        for method in METHODS:
            answer = target.ask(method, where)
            if method not in route.verbs and method != "OPTIONS":
                assert answer.status in (400, 405), f"{method} {where}: {answer.status}"


WORDS = st.sampled_from(
    [NOBODYS_ID, "10.0.0.0/24", "fa:16:3e:00:00:01", "ipv4", "tcp", "dhcpv6-stateful", "vlan", "physnet1"]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | WORDS
)
KEYS = (
    st.sampled_from(["subnet_id", "ip_address", "mac_address", "opt_name", "opt_value", "start", "end", "x"])
    | st.text()
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
NAMES = {name: sorted(REGISTRY.surface.collections[name].attributes) for name in COLLECTIONS}
OBJECTS = st.sampled_from(COLLECTIONS).flatmap(
    lambda name: st.tuples(st.just(name), st.dictionaries(st.sampled_from(NAMES[name]), JSON, max_size=5))
)
QUIET = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@QUIET
@given(OBJECTS)
def test_any_object(target: Target, asked: tuple[str, dict[str, Any]]) -> None:
    collection, attributes = asked
    member = REGISTRY.surface.collections[collection].member
    answer = target.ask("POST", target.path(collection), target.body(collection, **attributes))
    if answer.status == 201:
        target.ask("DELETE", f"{target.path(collection)}/{answer.body[member]['id']}")
    target.ask("PUT", f"{target.path(collection)}/{target.ids.get(member, NOBODYS_ID)}", {member: attributes})


@QUIET
@given(st.sampled_from(COLLECTIONS), st.lists(st.tuples(st.sampled_from(PARAMETERS), st.text(max_size=20)), max_size=4))
def test_any_parameters(target: Target, collection: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={text}" for name, text in pairs).encode("utf-8", "surrogatepass").decode("latin-1")
    target.ask("GET", f"{target.path(collection)}?{query}")
