"""watch: build again when a file of the skills has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event

from mlskill.reader.names import SKIPPED


def watch(
    paths: Iterable[str], built: Path, build: Callable[[], None], stop: Event | None = None
) -> None:
    """Call `build` after every change below `paths`, until `stop`; `built` is left out.

    A change that is no part of a skill (version control, caches, what is built) is none.
    """
    from watchfiles import watch as changes

    built = built.resolve()

    def counts(_: object, path: str) -> bool:
        place = Path(path)
        return not place.is_relative_to(built) and SKIPPED.isdisjoint(place.parts)

    roots = [place if place.is_dir() else place.parent for place in map(Path, paths)]
    for _ in changes(*roots, watch_filter=counts, stop_event=stop):
        build()
