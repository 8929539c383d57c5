"""How far `mlskill.tokens.estimate` is from real tokenizers.

    pip install tiktoken
    python benchmarks/tokens.py FOLDER

takes every Markdown file below FOLDER and prints, for each tokenizer and kind of text, the spread
of estimate / true - 1. Kinds: whole files; their code (fenced blocks) and their prose (the rest);
files of which a tenth or more is not ASCII. The estimator was fitted on the files whose SHA-256
begins with an even byte, so they are left out unless `--all` is given. tiktoken fetches its tables;
without a network set TIKTOKEN_CACHE_DIR to a folder that has them (the package litellm carries
one: litellm/litellm_core_utils/tokenizers).
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from mlskill import parser
from mlskill.model import Source
from mlskill.tokens import estimate

SMALLEST = 50
"""Tokens below which a relative error says nothing."""


def texts(folder: Path, everything: bool) -> Iterator[tuple[str, str]]:
    """Each text with its kind."""
    for path in sorted(folder.rglob("*.md")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        if not everything and hashlib.sha256(raw).digest()[0] % 2 == 0:
            continue
        text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
        yield "whole", text
        if sum(not c.isascii() for c in text) >= len(text) / 10:
            yield "not ASCII", text
        document = parser.parse(Source(path.name, raw, text))
        fences = [b for b in document.blocks if b.fence]
        ends = [0, *(b.end for b in fences)]
        starts = [*(b.start for b in fences), len(text)]
        yield "code", "".join(b.text for b in fences)
        yield "prose", "".join(text[a:b] for a, b in zip(ends, starts, strict=True))


def main() -> None:
    """Print one line for each tokenizer and kind."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--encoding", action="append", help="o200k_base and cl100k_base")
    arguments.add_argument("--all", action="store_true", help="the files of the fit too")
    options = arguments.parse_args()
    try:
        import tiktoken
    except ImportError:
        raise SystemExit("this needs a real tokenizer: pip install tiktoken") from None

    found = list(texts(options.folder, options.all))
    began = time.perf_counter()
    guesses = [estimate(text) for _, text in found]
    seconds = time.perf_counter() - began
    size = sum(len(text) for _, text in found)
    print(f"{size / 1e6:.1f} MB at {size / 1e6 / seconds:.0f} MB/s")
    print(f"{'tokenizer':12} {'text':10} {'n':>5} {'median':>7} {'p90':>6} {'p99':>6} {'bias':>7}")
    for name in options.encoding or ["o200k_base", "cl100k_base"]:
        encoding = tiktoken.get_encoding(name)
        errors: dict[str, list[float]] = defaultdict(list)
        for (kind, text), guess in zip(found, guesses, strict=True):
            true = len(encoding.encode_ordinary(text))
            if true >= SMALLEST:
                errors[kind].append(guess / true - 1)
        for kind, values in errors.items():
            size_of = sorted(abs(e) for e in values)
            at = [size_of[int(len(size_of) * q)] for q in (0.5, 0.9, 0.99)]
            spread = f"{at[0]:7.1%} {at[1]:6.1%} {at[2]:6.1%} {sum(values) / len(values):+7.1%}"
            print(f"{name:12} {kind:10} {len(values):5} {spread}")


if __name__ == "__main__":
    main()
