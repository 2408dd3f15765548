"""The API's processes are killed while clients work: clients see broken connections, and nothing else is broken."""

from collections.abc import Iterator

import pytest

from tests.faults import books
from tests.running import Askers, Running, is_alive, statuses, until

CLIENTS = 4
PORTS_EACH = 60


@pytest.fixture
def ledger(cloud: Running) -> Iterator[books.Ledger]:
    made = books.opened(cloud)
    yield made
    cloud.check()


def _clients(ledger: books.Ledger) -> Askers:
    requests = [[ledger.port(f"{client}-{number}") for number in range(PORTS_EACH)] for client in range(CLIENTS)]
    return Askers(ledger.cloud, requests)


def _assert_only_broken_connections(ledger: books.Ledger, asked: Askers) -> None:
    """Whatever was answered is so; whatever was not is all there or not at all."""
    answers = asked.answers()
    counts = statuses(answers)
    assert counts.keys() <= {0, 201}, counts
    made = {body["port"]["id"] for status, body in answers if status == 201}
    assert made <= {port["id"] for port in ledger.ports()}
    assert len(made) <= ledger.balance() <= len(made) + counts.get(0, 0)


def test_a_worker_that_is_killed_is_replaced_and_nothing_is_half_written(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    (supervisor,), (api,) = cloud.pids()["supervisor"], cloud.pids()["api"]
    asked = _clients(ledger)
    until(lambda: len(ledger.ports()) > CLIENTS * 5, "ports are being made")
    killed = cloud.kill("api worker")
    # A killed process is there until the kernel has put it away.
    until(lambda: killed not in (alive := cloud.pids()["api worker"]) and len(alive) == 2, "a new worker")
    until(lambda: asked.have_ended, "the end of the clients")
    _assert_only_broken_connections(ledger, asked)
    assert (cloud.pids()["supervisor"], cloud.pids()["api"]) == ([supervisor], [api])


def test_an_api_that_is_killed_takes_its_workers_with_it_and_is_started_again(ledger: books.Ledger) -> None:
    cloud = ledger.cloud
    workers = cloud.pids()["api worker"]
    asked = _clients(ledger)
    until(lambda: len(ledger.ports()) > CLIENTS * 5, "ports are being made")
    cloud.kill_and_await("api")
    until(lambda: not any(is_alive(pid) for pid in workers), "the end of its workers")
    until(cloud.is_healthy, "a new API")
    until(lambda: asked.have_ended, "the end of the clients")
    _assert_only_broken_connections(ledger, asked)
    assert "api ended with status -9: starting it again" in cloud.log("supervisor")


def test_an_api_that_loses_all_workers_at_once_comes_back(cloud: Running) -> None:
    for _ in range(2):  # the second time, a worker dies young
        for pid in cloud.pids()["api worker"]:
            cloud.hurt(pid)
        until(lambda: cloud.is_healthy() and len(cloud.pids().get("api worker", ())) == 2, "two workers that serve")
