"""From objects to JSON: attributes that the actor may see, and links to the neighbouring pages."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from wovenet.resources.base import Object

_encode = msgspec.json.Encoder().encode


def encode(body: Any) -> bytes:
    """`body` as compact JSON. Already encoded parts (`msgspec.Raw`) go in as they are, and so does a whole body."""
    return body if isinstance(body, bytes) else _encode(body)


def page(collection: str, parts: Sequence[bytes], links: Sequence[Mapping[str, str]]) -> bytes:
    """The body of a list. In: its parts, each an encoded list; they are copied once."""
    pieces: list[bytes | memoryview] = []
    for part in parts:
        if part != b"[]":
            pieces += [b"," if pieces else b"", memoryview(part)[1:-1]]
    end = b',"%b_links":%b}' % (collection.encode(), _encode(links)) if links else b"}"
    return b"".join([b'{"%b":[' % collection.encode(), *pieces, b"]", end])


def shown(
    objects: Sequence[Object], wanted: Collection[str], hidden: Callable[[Object], frozenset[str] | None]
) -> list[Object]:
    """The objects with the `wanted` attributes only, without those that `hidden` names for each of them.

    An object for which `hidden` says None is not shown at all.
    """
    kept: dict[frozenset[str], tuple[str, ...]] = {}
    result = []
    for item in objects:
        unseen = hidden(item)
        if unseen is None:
            continue
        names = kept.get(unseen)
        if names is None:
            names = kept[unseen] = tuple(name for name in wanted if name not in unseen)
        result.append({name: item[name] for name in names})
    return result


def links(
    url: str, params: Sequence[tuple[str, str]], page: Sequence[str], *, limit: int | None, is_reversed: bool
) -> list[dict[str, str]]:
    """The `next` and `previous` links of a page, as the pagination alias has them; none without a limit.

    In: the ids of the page's objects.
    A page that is not full is the last one in its direction; the way back is always offered.
    """
    if limit is None:
        return []
    kept = [(name, value) for name, value in params if name not in ("marker", "page_reverse")]
    is_full = len(page) >= limit
    found = []
    if is_full or is_reversed:
        marker = [("marker", page[-1])] if page else []
        found.append({"rel": "next", "href": _href(url, [*kept, *marker])})
    if is_full or not is_reversed:
        marker = [("marker", page[0])] if page else []
        found.append({"rel": "previous", "href": _href(url, [*kept, *marker, ("page_reverse", "True")])})
    return found


def _href(url: str, params: Sequence[tuple[str, str]]) -> str:
    return f"{url}?{urlencode(params)}"
