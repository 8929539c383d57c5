"""Which rows are nearly the same picture, text or record - and on both sides of a split?

Call `group = groups(vectors)` and `shared(train, test)`.

Copy the file; it needs numpy only. Give embeddings, or the pixels themselves, one row each.
`groups` puts near copies (and copies of copies) into one group for a grouped split; `shared` says
which test rows have a near copy in the training rows. Change `least`: look at ten pairs just above
and below it before you believe it. Rows are compared with all others, in blocks: 100,000 rows take
minutes; beyond that use an index.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def _unit(vectors: npt.ArrayLike, centre: Array) -> Array:
    """Rows of length 1 around the common mean, without which all pictures look alike."""
    rows = np.asarray(vectors, np.float32)
    rows = rows.reshape(len(rows), -1) - centre
    unit: Array = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def _centre(vectors: npt.ArrayLike) -> Array:
    rows = np.asarray(vectors, np.float32)
    centre: Array = rows.reshape(len(rows), -1).mean(axis=0)
    return centre


def groups(vectors: npt.ArrayLike, least: float = 0.95, block: int = 1000) -> npt.NDArray[np.int64]:
    """One group number per row; rows of a cosine of `least` or more share it, in chains too."""
    rows = _unit(vectors, _centre(vectors))
    parent = np.arange(len(rows))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for start in range(0, len(rows), block):
        near = rows[start : start + block] @ rows[start:].T >= least
        for one, other in np.argwhere(near):
            a, b = root(start + int(one)), root(start + int(other))
            parent[max(a, b)] = min(a, b)
    return np.unique([root(row) for row in range(len(rows))], return_inverse=True)[1]


def shared(
    train: npt.ArrayLike, test: npt.ArrayLike, least: float = 0.95, block: int = 1000
) -> npt.NDArray[np.bool_]:
    """For each test row, whether a training row is a near copy of it."""
    centre = _centre(train)
    known, asked = _unit(train, centre), _unit(test, centre)
    near = np.zeros(len(asked), bool)
    for start in range(0, len(known), block):
        near |= (asked @ known[start : start + block].T >= least).any(axis=1)
    return near
