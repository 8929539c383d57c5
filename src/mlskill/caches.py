"""caches: the user's folder for what can be made again, and whether it can be trusted."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def trusted(folder: str | None) -> bool:
    """Whether `folder`, made if need be, is the user's own and nobody else can write to it."""
    if not folder:
        return False
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        status = Path(folder).stat()
    except (OSError, ValueError):  # ValueError: a NUL
        return False
    return not (
        hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022)
    )


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is never seen half written; an `OSError` leaves nothing behind."""
    part = path.with_name(f"{path.name}.{os.urandom(6).hex()}")
    path.parent.mkdir(mode=0o700, exist_ok=True)
    try:
        with part.open("xb") as file:
            file.write(data)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def cache_folder() -> str | None:
    """Where reports are kept: ``MLSKILL_CACHE_DIR``, or the platform's place for caches.

    None where there is no such place: a user without a home has none.
    """
    if named := os.environ.get("MLSKILL_CACHE_DIR"):
        return str(Path(named).absolute())
    kept = os.environ.get("XDG_CACHE_HOME", "")
    if kept.startswith("/") and sys.platform not in ("win32", "darwin"):
        return f"{kept}/mlskill"  # a relative one is to be ignored, says the XDG specification
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if home == home.parent:  # what an empty HOME stands for
        return None
    if sys.platform == "win32":
        return str(Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local", "mlskill/Cache"))
    return str(home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "mlskill")
