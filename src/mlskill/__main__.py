"""``mlskill`` and ``python -m mlskill``."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    # What modules and parsed pages are made of stays; looking through it for garbage every 700
    # objects takes a twentieth of the time and finds next to none.
    gc.set_threshold(50_000)
    from mlskill.apps.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
