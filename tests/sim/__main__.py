"""Runs simulations: `python -m tests.sim --seeds 0:200`, one of them again: `python -m tests.sim --seeds 17`.

Prints a line that runs each seed again of which it has to complain; the status says whether there was one.
"""

import argparse
import collections
import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import sqlalchemy as sa

from tests import ovsdb_servers
from tests.databases import MariaDB, PostgreSQL, server_directory
from tests.sim.simulation import Place, simulate
from wovenet.store.engine import make_engine

HASH_SEED = "0"
"""The order of sets is a part of the course of events."""
REQUESTS = 6
COMPLAINTS_MAX = 12
STAY_ON_SERVERS = 0.7


_IS_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE pid = :session AND wait_event_type = 'Lock'",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = :session "
    "AND trx_state = 'LOCK WAIT'",
}


@contextlib.contextmanager
def places(database: str) -> Iterator[Place]:
    """A place for one simulation after the other."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(server_directory("sim"))
        for name in ("nb", "state"):
            (directory / name).mkdir()
        nb = stack.enter_context(ovsdb_servers.serving(directory / "nb"))
        place = Place(f"sqlite:///{directory}/db", f"sqlite:///{directory}/serial.db", nb, directory / "state")
        if database == "sqlite":
            yield place
            return
        server = {"postgresql": PostgreSQL, "mariadb": MariaDB}[database](
            stack.enter_context(server_directory(database))
        )
        stack.callback(server.stop)
        url = stack.enter_context(server.fresh())
        watch = make_engine(url, pool_size=1).execution_options(isolation_level="AUTOCOMMIT")
        stack.callback(watch.dispose)
        is_waiting = sa.text(_IS_WAITING[watch.dialect.name])

        def is_blocked(session: int) -> bool:
            with watch.connect() as connection:
                return bool(connection.scalar(is_waiting, {"session": session}))

        yield replace(place, url=url, stay=STAY_ON_SERVERS, is_blocked=is_blocked)


def main() -> int:
    """Runs the seeds that were asked for; the status says whether all is right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="0:20", help="FIRST:END, or one")
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql", "mariadb"))
    parser.add_argument("--requests", type=int, default=REQUESTS, help="of each client")
    parser.add_argument("--verbose", action="store_true")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != HASH_SEED:
        command = [sys.executable, "-m", "tests.sim", *sys.argv[1:]]
        return subprocess.run(command, check=False, env={**os.environ, "PYTHONHASHSEED": HASH_SEED}).returncode
    logging.disable(logging.CRITICAL)  # what goes wrong here is meant to
    first, _, end = asked.seeds.partition(":")
    failed = []
    total: collections.Counter[str] = collections.Counter()
    with places(asked.database) as place:
        for seed in range(int(first), int(end or int(first) + 1)):
            outcome = simulate(seed, place, requests=asked.requests)
            total.update(outcome.answers)
            total.update(outcome.faults)
            if outcome.complaints:
                failed.append(seed)
                say(f"python -m tests.sim --seeds {seed} --database {asked.database} --requests {asked.requests}")
                for line in outcome.complaints[:COMPLAINTS_MAX]:
                    say(f"    {line}")
            if asked.verbose:
                say(f"{seed}: {outcome.fingerprint}, {outcome.acts} acts, {outcome.faults}")
    if asked.verbose:
        say(str(dict(total.most_common())))
    say(f"{len(failed)} failed: {failed}" if failed else "all is right")
    return 1 if failed else 0


def say(line: str) -> None:
    """Prints at once: who waits for a long run wants to know."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
