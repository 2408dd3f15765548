"""`python -m wovenet.store.migrations new "what changes"` writes the next migration from the tables as they are."""

import argparse
import sys
from pathlib import Path

from wovenet.store.migrations import generate


def main() -> int:
    """Runs the command; the status says whether there was something to do, or, for `check`, nothing."""
    parser = argparse.ArgumentParser(prog="python -m wovenet.store.migrations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="write the next migration")
    new.add_argument("message", help="what changes, in a few words")
    first = commands.add_parser("first", help="before the first release: replace all migrations by one")
    first.add_argument("message", nargs="?", default="First release")
    arguments = parser.parse_args()
    if arguments.command == "first":
        for path in (Path(__file__).parent / "versions").glob("[0-9]*.py"):
            path.unlink()
    written = generate.new(arguments.message)
    sys.stdout.write(f"{written}: read it, and add what moves data\n" if written else "nothing has changed\n")
    return 0 if written else 1


if __name__ == "__main__":
    sys.exit(main())
