"""A quota holds, whoever claims at the same time."""

import logging
from functools import partial

import pytest

from tests.databases import counting
from tests.store.support import in_threads
from wovenet.model.problems import OverQuota
from wovenet.store import quota_usage
from wovenet.store.tx import Store, Tx


def used(store: Store, project_id: str = "demo", resource: str = "port") -> int:
    with store.read() as tx:
        return quota_usage.used(tx, project_id, resource)


def claim(store: Store, count: int, limit: int) -> None:
    store.write(lambda tx: quota_usage.claim(tx, "demo", "port", count, default=limit))


def release(store: Store, count: int) -> None:
    store.write(lambda tx: quota_usage.release(tx, "demo", "port", count))


def test_claims_count_up_to_the_limit(store: Store) -> None:
    claim(store, 2, 3)
    claim(store, 1, 3)
    with pytest.raises(OverQuota) as caught:
        claim(store, 1, 3)
    assert caught.value.fields == {"overs": ["port"]}
    assert used(store) == 3
    release(store, 2)
    claim(store, 2, 3)
    assert used(store) == 3


def test_a_first_claim_beyond_the_limit_is_refused(store: Store) -> None:
    with pytest.raises(OverQuota):
        claim(store, 1, 0)
    assert used(store) == 0


def test_no_limit_is_counted_all_the_same(store: Store) -> None:
    claim(store, 1000, quota_usage.UNLIMITED)
    assert used(store) == 1000


def test_what_the_service_makes_is_counted_and_never_refused(store: Store) -> None:
    for _ in range(2):
        store.write(lambda tx: quota_usage.add(tx, "demo", "port", 2))
    assert used(store) == 4
    with pytest.raises(OverQuota):
        claim(store, 1, 3)


def test_projects_and_resources_are_counted_apart(store: Store) -> None:
    def work(tx: Tx) -> None:
        quota_usage.claim(tx, "demo", "port", 1, default=1)
        quota_usage.claim(tx, "demo", "network", 2, default=2)
        quota_usage.claim(tx, "Demo", "port", 1, default=1)

    store.write(work)
    assert (used(store), used(store, resource="network"), used(store, "Demo")) == (1, 2, 1)
    with store.read() as tx:
        assert quota_usage.used_by(tx, "demo") == {"port": 1, "network": 2}


def test_a_claim_is_one_statement(store: Store) -> None:
    claim(store, 1, 10)
    with counting(store.engine) as statements:
        claim(store, 1, 10)
        release(store, 1)
    assert len(statements) == 2


def test_a_failed_write_gives_back_what_it_claimed(store: Store) -> None:
    def work(tx: Tx) -> None:
        quota_usage.claim(tx, "demo", "port", 1, default=10)
        raise KeyError

    with pytest.raises(KeyError):
        store.write(work)
    assert used(store) == 0


def test_releasing_more_than_is_counted_is_logged_and_refuses_nobody(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    claim(store, 1, 10)
    with caplog.at_level(logging.ERROR):
        release(store, 2)
    assert used(store) == 0
    assert "less than the 2 that are released" in caplog.text


@pytest.mark.parametrize("first_use", [True, False])
def test_many_threads_claim_exactly_the_limit(store: Store, first_use: bool) -> None:
    if not first_use:
        claim(store, 0, 10)

    def work() -> int:
        won = 0
        for _ in range(4):
            try:
                claim(store, 1, 50)
                won += 1
            except OverQuota:
                continue
        return won

    assert sum(in_threads([work] * 16)) == 50
    assert used(store) == 50


def test_claims_and_releases_of_many_threads_add_up(store: Store) -> None:
    def work(number: int) -> None:
        for _ in range(5):
            claim(store, number, 10_000)
            release(store, number - 1)

    in_threads([partial(work, number) for number in range(1, 9)])
    assert used(store) == 40


@pytest.mark.parametrize(("own", "default", "is_refused"), [(1, 500, True), (7, 0, False), (-1, 0, False)])
def test_a_limit_of_its_own_wins_over_the_default(store: Store, own: int, default: int, is_refused: bool) -> None:
    others = (
        {"project_id": "alt", "resource": "port", "limit": 100},
        {"project_id": "demo", "resource": "x", "limit": 100},
    )
    rows = [{"project_id": "demo", "resource": "port", "limit": own}, *others]
    store.write(lambda tx: tx.insert(quota_usage.QUOTAS, rows))
    if is_refused:
        with pytest.raises(OverQuota):
            claim(store, 2, default)
    else:
        claim(store, 2, default)
    assert used(store) == (0 if is_refused else 2)
