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
    if written is None:
        sys.stdout.write("nothing has changed\n")
        return 1
    sys.stdout.write(f"{written}: read it, and add what moves data\n")
    for column in generate.unfilled(written):
        sys.stdout.write(f"{column} may not be NULL: say what existing rows get, as server_default or step by step\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
