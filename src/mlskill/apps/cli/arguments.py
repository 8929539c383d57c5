"""Arguments: what the words of a command line must be like."""

from __future__ import annotations

import argparse


def count(text: str) -> int:
    """An argument that counts something, from 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0")
    return int(text)


def positive(text: str) -> int:
    """An argument that counts something, from 1."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def seconds(text: str) -> float:
    """An argument that is a time."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def names(text: str) -> list[str]:
    """An argument that is names with commas between."""
    return [name for name in map(str.strip, text.split(",")) if name]


def output(text: str) -> tuple[str, str]:
    """An argument that names a format and a file."""
    from mlskill.formats import FORMATS

    name, colon, path = text.partition(":")
    if not (colon and path and name in FORMATS):
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(FORMATS)}, : and file")
    return name, path
