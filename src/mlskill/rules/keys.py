"""keys: how a frontmatter is mended, where there is one right answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlskill.frontmatter import split
from mlskill.model import Document, Frontmatter, Source
from mlskill.rules.rule import Replace

_Path = tuple[str | int, ...]
Fix = tuple[Replace, ...]

_PLAIN = re.compile(r"[A-Za-z][\w()*/.,~@+:-]*(?: [\w()*/.,~@+:-]+)*")
# What YAML 1.1 does not read as text.
_TYPED = frozenset(("true", "false", "yes", "no", "on", "off", "null", "y", "n"))


def scalar(text: str) -> str:
    """`text` as YAML writes it on one line: in quotes only where it must be.

    >>> scalar("Read Bash(git:*)"), scalar("no"), scalar("a: b"), scalar("1.0")
    ('Read Bash(git:*)', '"no"', '"a: b"', '"1.0"')
    """
    colon = ": " in text or text.endswith(":")
    return (
        text if _PLAIN.fullmatch(text) and not colon and text.lower() not in _TYPED else quote(text)
    )


def quote(text: str) -> str:
    r"""`text` in double quotes, or in single ones where that needs no escape.

    >>> print(quote("a: b"), quote('say "a": b'), quote('"a": it\'s'))
    "a: b" 'say "a": b' "\"a\": it's"
    """
    if ('"' in text or "\\" in text) and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def values(front: Frontmatter) -> Iterator[tuple[int, int]]:
    """Where each value of the outermost keys stands, in order."""
    return iter(sorted(span for path, span in front.values.items() if len(path) == 1))


def quoted(document: Document, span: tuple[int, int]) -> Fix:
    """The value at `span`, whose colon misled YAML, in quotes as it stands."""
    written = document.text[slice(*span)]
    first, *more = written.split("\n")
    key = document.text[: span[0]].rpartition("\n")[2]
    # Of what starts below its key nobody can tell whether it is text or keys.
    if not key.strip() or not all(line[:1].isspace() and line.strip() for line in more):
        return ()
    if not "".join((first, *more)).isprintable():
        return ()
    return (Replace(*span, quote(written)),)


def spaced(at: int) -> Fix:
    """A space where a value starts right behind the colon of its key."""
    return (Replace(at, at, " "),)


def as_text(document: Document, path: _Path) -> Fix:
    """The scalar at `path`, which YAML reads as something else, in quotes."""
    span = document.frontmatter.values.get(path)
    text = document.frontmatter.texts.get(path)
    if span is None or not text or document.text[slice(*span)] != text or "\n" in text:
        return ()
    return (Replace(*span, quote(text)),)


def joined(document: Document, path: _Path) -> Fix:
    """The list at `path` as one text, its items with spaces between."""
    front, text = document.frontmatter, document.text
    items: list[str] = []
    end = 0
    while (item := (*path, len(items))) in front.texts and item in front.values:
        items.append(front.texts[item])
        end = front.values[item][1]
    key, value = front.keys.get(path), front.values.get(path)
    if not items or key is None or value is None or any(re.search(r"\s|^$", i) for i in items):
        return ()
    start = value[0]
    if text[start : start + 1] == "[":
        closing = re.compile(r"\s*,?\s*\]").match(text, end)
        end = closing.end() if closing else -1
        lead = ""
    else:
        start, lead = key[1] + 1, " "
    if end == -1 or "#" in text[start:end] or text[key[1]] != ":" or _nested(front, path):
        return ()
    return (Replace(start, end, lead + scalar(" ".join(items))),)


def _nested(front: Frontmatter, path: _Path) -> bool:
    """Whether an item of the list at `path` is a list or a map itself."""
    depth = len(path) + 1
    return any(len(other) > depth and other[: len(path)] == path for other in front.values)


def renamed(document: Document, key: str, name: str) -> Fix:
    """The outermost `key` under its right `name`."""
    span = document.frontmatter.keys.get((key,))
    if span is None or document.text[slice(*span)] != key:
        return ()
    return (Replace(*span, name),)


def valued(document: Document, key: str, text: str) -> Fix:
    """`text` as the value of the outermost `key`, which has one on its line."""
    span = document.frontmatter.values.get((key,))
    if span is None or "\n" in document.text[slice(*span)] or span[0] == span[1]:
        return ()
    return (Replace(*span, scalar(text)),)


def added(document: Document, key: str, text: str) -> Fix:
    """`key` with `text` as the first line of the frontmatter."""
    if document.frontmatter.faults:
        return ()
    start = document.text.index("\n") + 1
    return (Replace(start, start, f"{key}: {scalar(text)}\n"),)


def repeated(document: Document, start: int) -> Fix:
    """The line of a key that stands twice gone, where both lines are the same."""
    text = document.text
    first, end = _line(text, start)
    line = text[first:end]
    before = text.find(f"\n{line}\n", 0, first)
    if first != start or before == -1 or line.rstrip().endswith(":"):
        return ()
    if any(text[at : at + 1].isspace() for at in (end + 1, before + len(line) + 2)):
        return ()  # a value that goes on in the next line
    return (Replace(first, end + 1, ""),)


def unindented(document: Document) -> Fix:
    """What stands before a frontmatter gone, if it is one."""
    text = document.text
    start = len(text) - len(text.lstrip())
    front = split(Source(document.path, b"", text[start:]))
    if text[start - 1 : start] != "\n" or front.faults or "name" not in front.data:
        return ()
    return (Replace(0, start, ""),)


class Metadata:
    """Where in the frontmatter of a page keys are put below ``metadata``."""

    def __init__(self, document: Document) -> None:
        self.document, self.front = document, document.frontmatter
        mendable = self.front.present and not self.front.faults
        self._place = self._find() if mendable else ()

    def move(self, key: str) -> Fix:
        """`key` and its value, written on one line, moved there."""
        front, text = self.front, self.document.text
        value, span = front.data.get(key), front.values.get((key,))
        if not self._place or span is None or value is None or isinstance(value, (list, dict)):
            return ()
        name, start, end = front.keys[(key,)], *_line(text, span[0])
        written = text[slice(*span)]
        if name[0] != start or span[1] > end or ("metadata", key) in front.keys or not written:
            return ()
        if not isinstance(value, str):
            written = quote(written)
        place, indent = self._place
        line = f"{indent}{text[start : span[0]]}{written}{text[span[1] : end]}\n"
        gone = Replace(start, end + 1, "")
        if indent:
            return gone, Replace(place, place, line)
        # It takes the fence's place, so that no two keys bring a metadata of their own.
        return gone, Replace(place, place + 3, f"metadata:\n  {line}---")

    def _find(self) -> tuple[int, str] | tuple[()]:
        """Where the next line belongs and how it is indented; not at all without metadata."""
        front, text = self.front, self.document.text
        if "metadata" not in front.data:
            return text.rindex("---", 0, front.end), ""
        inner = [path for path in front.keys if path[:1] == ("metadata",) and len(path) == 2]
        if not inner:
            return ()
        last = max(inner, key=lambda path: front.keys[path])
        start, _ = _line(text, front.keys[last][0])
        indent = text[start : front.keys[last][0]]
        if indent.strip() or not indent or not isinstance(front.data["metadata"], dict):
            return ()
        if isinstance(front.data["metadata"].get(last[1]), (list, dict)):
            return ()
        end = front.values[last][1]
        return (end if text[end - 1] == "\n" else _line(text, end)[1] + 1), indent


def _line(text: str, at: int) -> tuple[int, int]:
    """The line around the offset `at`: its start, and its end without the line end."""
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end == -1 else end
