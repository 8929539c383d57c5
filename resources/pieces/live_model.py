"""Change the model of a running server without one wrong, mixed or failed answer; and back.

Call `live = Live("v1", load)`, then `live.swap("v2")`.

Copy the file; standard library only. ``live = Live("v1", load)``, ``live.swap("v2")`` and, around a
request, ``with live.use() as served`` are all that a service needs which is told what to load. One
that looks by itself takes a store: `publish` writes a bundle (preprocessing, weights, columns,
probe rows with their answers: one folder, or they go out of step) and then points CURRENT to it in
one step. `Live.refresh`, called every few seconds from a thread of its own, loads what CURRENT
names, checks it beside the old model, and only then lets new requests see it; requests under way
finish on theirs. A bundle that is damaged or fails the check is not served, and is tried again
after `patience` seconds. `point` to an older name is the rollback. Pass `load`, `check` (probe
rows within a tolerance, the wanted columns, a warm-up call for each batch size), `close` (free the
GPU). Both models are in memory for a moment: size the container for two.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

Model = TypeVar("Model")


def publish(store: Path, files: Mapping[str, bytes]) -> str:
    """Write `files` as a bundle, make it current, and return its name, made from its content."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    card = json.dumps(sums, sort_keys=True).encode()
    name = hashlib.sha256(card).hexdigest()[:16]
    with tempfile.TemporaryDirectory(dir=store) as made:
        folder = Path(made) / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        (folder / "card.json").write_bytes(card)
        if not (store / name).exists():
            folder.replace(store / name)
    point(store, name)
    return name


def point(store: Path, name: str) -> None:
    """Let CURRENT name a bundle that is whole; readers see the old name or the new one."""
    verified(store, name)
    with tempfile.TemporaryDirectory(dir=store) as made:
        file = Path(made) / "CURRENT"
        file.write_text(name)
        file.replace(store / "CURRENT")


def current(store: Path) -> str:
    """The name in CURRENT."""
    return (store / "CURRENT").read_text().strip()


def verified(store: Path, name: str) -> Path:
    """The folder of a bundle; ValueError unless all its files are there and unchanged."""
    if not re.fullmatch(r"[0-9a-f]{16}", name):
        raise ValueError(f"{name!r} is no name of a bundle")
    card = (store / name / "card.json").read_bytes()
    if hashlib.sha256(card).hexdigest()[:16] != name:
        raise ValueError(f"{name}: another card")
    for file, wanted in json.loads(card).items():
        if hashlib.sha256((store / name / file).read_bytes()).hexdigest() != wanted:
            raise ValueError(f"{name}: {file} is damaged")
    return store / name


def _always(name: str) -> Callable[[], str]:
    return lambda: name


@dataclass(slots=True, eq=False)
class Served(Generic[Model]):
    """A model with its name: take both from here, once a request, and answer with the name."""

    name: str
    model: Model
    users: int = 0
    retired: bool = False


class Live(Generic[Model]):
    """The model that is served now; safe to use from any thread."""

    def __init__(
        self,
        wanted: Callable[[], str] | str,
        load: Callable[[str], Model],
        check: Callable[[Model], object] = lambda model: None,
        close: Callable[[Model], object] = lambda model: None,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Load the first model; raises what `wanted`, `load` or `check` raise (do not start).

        `wanted` is the name of the first model, or a function that `refresh` asks for the name.
        """
        self._wanted = _always(wanted) if isinstance(wanted, str) else wanted
        self._load, self._check, self._close = load, check, close
        self._patience, self._clock = patience, clock
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._refused: tuple[str, Exception, float] | None = None
        name = self._wanted()
        model = load(name)
        check(model)
        self._now = Served(name, model)

    @property
    def name(self) -> str:
        """What is served: compare it with CURRENT in a metric; minutes apart, page somebody."""
        return self._now.name

    @property
    def fault(self) -> Exception | None:
        """Why the wanted bundle is not served, if it was refused."""
        return self._refused[1] if self._refused else None

    @contextmanager
    def use(self) -> Iterator[Served[Model]]:
        """The model for one request, from parsing to the answer."""
        with self._lock:
            served = self._now
            served.users += 1
        try:
            yield served
        finally:
            with self._lock:
                served.users -= 1
                last = served.retired and served.users == 0
            if last:
                self._close(served.model)

    def swap(self, name: str) -> bool:
        """Serve `name` from now on; whether that changed anything. Never raises: see `fault`."""
        self._wanted, self._refused = _always(name), None  # who asks again wants it tried again
        return self.refresh()

    def refresh(self) -> bool:
        """Serve what is wanted; whether that changed anything. Never raises: see `fault`."""
        with self._loading:  # and ask inside: of two refreshes at once, none brings back the older
            name = "?"
            try:
                name = self._wanted()
                if name == self._now.name:
                    self._refused = None
                    return False
                if self._refused and self._refused[0] == name and self._clock() < self._refused[2]:
                    return False  # loading is dear
                model = self._load(name)
                try:
                    self._check(model)
                except BaseException:
                    self._close(model)
                    raise
            except Exception as error:
                self._refused = (name, error, self._clock() + self._patience)
                return False
            with self._lock:
                old, self._now = self._now, Served(name, model)
                self._refused = None
                old.retired = True
                unused = old.users == 0
            if unused:
                self._close(old.model)
            return True
