"""`python -m wovenet`."""

from wovenet.cli import main

if __name__ == "__main__":
    main()
