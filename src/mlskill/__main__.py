"""``mlskill`` and ``python -m mlskill``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; returns its exit code."""
    from mlskill.apps.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
