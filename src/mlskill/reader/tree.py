"""What the reader asks of a tree, be it on disk or in an archive, and how a tree says no."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from mlskill.model import Fault

Kind = Literal["file", "folder", "link", "other"]
"""What an entry is itself, before any link is followed; `other` is a pipe, a socket, a device."""

NOT_REGULAR = "is not a regular file and was not opened; remove it"


class RefusedError(Exception):
    """Something was not read; `rule` and `message` become a `Fault`."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule, self.message = rule, message


class TooLargeError(Exception):
    """A file has more bytes than were asked for; `size` is how many it has, as far as known."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Entry(Protocol):
    """One name in a folder."""

    @property
    def name(self) -> str:
        """The name as the tree has it, fit for opening, not for printing."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    def size(self) -> int:
        """Its bytes, as declared."""

    def read(self, most: int) -> bytes:
        """All of its bytes.

        Raises:
            TooLargeError: there are more than `most`.
            RefusedError: it is no regular file, or cannot be read.
        """


class Folder(Protocol):
    """An open folder; iterating lists its entries in no particular order."""

    def __iter__(self) -> Iterator[Entry]: ...

    def entry(self, name: str) -> Entry:
        """The entry of this name; raises `RefusedError` when there is none."""


class Tree(Protocol):
    """A folder and all below it. A place in it is the sequence of names that lead there."""

    @property
    def faults(self) -> Sequence[Fault]:
        """What was wrong with the tree before any folder was opened."""

    def folder(self, names: Sequence[str]) -> AbstractContextManager[Folder]:
        """The folder at `names`, open while the context lasts; no link on the way is followed."""

    def target(self, names: Sequence[str]) -> tuple[str, ...]:
        """Where the link at `names` leads; raises `RefusedError` unless that lies in this tree."""
