"""Coverage-guided fuzzing of one law, by Atheris (``pip install atheris``; Linux and macOS).

    python tests/fuzz/target.py parse -max_total_time=60

What breaks the law is printed and kept in a file ``crash-…`` of the folder one is in.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["mlskill", "markdown_it", "yaml"]):
    from fuzz.laws import LAWS, seeds


def main() -> None:
    """Run libFuzzer on the law that is named first."""
    name, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds()):
            Path(corpus, str(number)).write_bytes(seed)
        atheris.Setup([sys.argv[0], *options, corpus], LAWS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
