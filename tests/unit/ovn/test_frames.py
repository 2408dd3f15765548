"""Cutting a stream into JSON objects, however it comes in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wovenet.ovn.frames import FrameDecoder, FrameTooLarge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["}", "{", '"', "\\", '\\"', "}{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=5)


def _pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


@given(OBJECTS, st.lists(st.integers(1, 20), max_size=40), st.sampled_from(["", " ", "\n\t"]), st.booleans())
def test_objects_come_out_as_they_went_in(objects: list[object], sizes: list[int], gap: str, ascii_only: bool) -> None:
    stream = gap.join(json.dumps(one, ensure_ascii=ascii_only) for one in objects).encode()
    decoder = FrameDecoder()
    found = [json.loads(frame) for piece in _pieces(stream, sizes) for frame in decoder.feed(piece)]
    assert found == objects
    assert decoder.pending_bytes == 0


def test_byte_by_byte() -> None:
    decoder = FrameDecoder()
    stream = rb'{"a":"}\\\"{"}{"b":[{}]}'
    frames = [frame for byte in stream for frame in decoder.feed(bytes([byte]))]
    assert frames == [rb'{"a":"}\\\"{"}', b'{"b":[{}]}']


@pytest.mark.parametrize("stream", [b"[]", b"x", b'{} "text"', b"}"])
def test_what_is_no_object_is_an_error(stream: bytes) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        list(FrameDecoder().feed(stream))


def test_a_message_without_end_is_not_collected_for_ever() -> None:
    decoder = FrameDecoder(max_frame_bytes=100)
    assert list(decoder.feed(b'{"a":"' + b"x" * 90 + b'"}' * 1)) != []
    with pytest.raises(FrameTooLarge):
        list(decoder.feed(b'{"a":"' + b"x" * 200))
