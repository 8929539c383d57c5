"""How long something takes beside how long it takes elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result."""
    began = time.monotonic()
    result = call()
    return time.monotonic() - began, result
