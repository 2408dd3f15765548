"""What clients send: JSON of any shape, and texts that mean something to OVN, to databases or to Python (F-10)."""

from hypothesis import strategies as st

HOSTILE = (
    "", " ", '"', "'", "\\", "}{", "{", "}", '\\"', "&&", "||", " || 1", ") || (1", "; drop;", 'a", next = "b',
    "$pg", "@pg",    "1 == 1", "\n", "\r\n", "\t", "\0", "\ud800", "é", "🦔", "١", "%s", "%(x)s", "{0}",
    "a" * 255, "a" * 256, "a" * 65536,
    "None", "null", "true", "-0", "1e3", "0x10", "00000000000000000000000000000000000000000000006", "١٢",
    "10.0.0.1", "10.0.0.0/24", "10.0.0.1/24", "10.0.0", "010.0.0.1", "10.0.0.0/33", "::", "::/0", "::ffff:10.0.0.1",
    "fe80::1%eth0", "fe80::1%a) || (1/64", "2001:db8::/64", "fa:16:3e:00:00:01", "fa-16-3e-00-00-01", "FA163E000001",
    "00:00:00:00:00:00", "01:00:5e:00:00:01", "tcp", "TCP", "icmp", "icmpv6", "any", "6", "58", "256", "IPv4", "IPv6",
    "ingress", "egress", "5f0c1a52-8b2c-4f6b-9d2c-0c3a5d3f0a01", "*", "vlan", "geneve", "network", "access_as_shared",
)  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=30)
NUMBERS = st.integers(-(2**70), 2**70) | st.sampled_from([-1, 0, 1, 4, 6, 255, 256, 1500, 65535, 65536, 2**31, 2**63])
ATOMS = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
JSON = st.recursive(
    ATOMS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
