"""lenient: keys as the YAML library sees them, and what is wrong with them.

Whatever can be understood is kept, and each liberty taken is a `Fault`. Nothing is built by the
library: its *events* are counted and checked one by one, so that aliases cannot explode and depth
cannot exhaust the stack. (A loader is no guard: `CSafeLoader` accepts nine levels of nine aliases
without a word.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import yaml

from mlskill.model import LIMITS, Fault, Frontmatter, Limits, Source

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS: Any = yaml.SafeLoader("")  # never loads: it knows what YAML 1.1 makes of a plain scalar
_KEY = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*:(?=[ \t\n]|\Z)")
# A key of the specification without a space behind its colon: to YAML that is no key but text.
_GLUED = re.compile(
    r"^(name|description|license|compatibility|metadata|allowed-tools):(?=[^\s:])", re.MULTILINE
)
_BLOCK_SCALAR = re.compile(r"[|>][+-]?[0-9]?[+-]?[ \t]*")

_Path = tuple[str | int, ...]


class _Builder:
    """Data, texts and places from YAML events; `base` is the offset of the events' text."""

    def __init__(self, source: Source, base: int, limits: Limits) -> None:
        self.source, self.base, self.limits = source, base, limits
        self.data: dict[str, Any] = {}
        self.texts: dict[_Path, str] = {}
        self.keys: dict[_Path, tuple[int, int]] = {}
        self.values: dict[_Path, tuple[int, int]] = {}
        self.faults: list[Fault] = []
        self.nodes = 0

    def fault(self, rule: str, start: int, end: int, message: str) -> None:
        self.faults.append(Fault(rule, self.source.path, start, end, message))

    def duplicate(self, key: str, start: int, end: int, path: _Path) -> None:
        first = self.keys[path]
        line = self.source.line_of(first[0])
        message = f"key {key!r} stands already on line {line}; keep one of the two"
        rule, where = "frontmatter-duplicate-key", self.source.path
        self.faults.append(
            Fault(rule, where, start, end, message, (*first, "it stands first here"))
        )

    def build(self, text: str, base: int) -> Any:
        """What `text`, at offset `base` of the file, holds; raises `yaml.YAMLError`."""
        self.base = base
        events = self.events(text)
        result: Any = None
        documents = 0
        for event in events:
            if type(event).__name__ == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    start = base + event.start_mark.index
                    self.fault(
                        "frontmatter-alias", start, start + 3, "a second YAML document; keep one"
                    )
                    break
                result = self.node(next(events), events, ())
        return result

    def events(self, text: str) -> Iterator[Any]:
        """The events of `text`; that the library gives up at a depth of its own is a limit too."""
        try:
            yield from yaml.parse(text, Loader=_Loader)
        except yaml.scanner.ScannerError as error:
            if "nesting depth" not in str(error.problem):
                raise
            message = f"YAML nested deeper than {self.limits.yaml_depth}"
            raise _LimitError(message, self.base + _index(error, text)) from None

    def node(self, event: Any, events: Iterator[Any], path: _Path) -> Any:
        """The value that starts with `event`."""
        start, end = self.base + event.start_mark.index, self.base + event.end_mark.index
        self.nodes += 1
        if self.nodes > self.limits.yaml_nodes:
            raise _LimitError(f"more than {self.limits.yaml_nodes} YAML nodes", start)
        if len(path) > self.limits.yaml_depth:
            raise _LimitError(f"YAML nested deeper than {self.limits.yaml_depth}", start)
        if isinstance(event, yaml.AliasEvent):
            self.fault("frontmatter-alias", start, end, f"alias *{event.anchor}; write the value")
            self.texts[path] = f"*{event.anchor}"
            return self.texts[path]
        if event.anchor:
            self.fault("frontmatter-alias", start, end, f"anchor &{event.anchor}; remove it")
        if event.tag:
            self.fault("frontmatter-alias", start, end, f"tag {event.tag}; remove it")
        if isinstance(event, yaml.ScalarEvent):
            self.texts[path] = event.value
            return _typed(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            for child in events:
                if isinstance(child, yaml.SequenceEndEvent):
                    break
                items.append(self.value(child, events, (*path, len(items))))
            return items
        mapping: dict[str, Any] = {}
        for child in events:
            if isinstance(child, yaml.MappingEndEvent):
                break
            self.pair(mapping, child, events, path)
        return mapping

    def value(self, event: Any, events: Iterator[Any], path: _Path) -> Any:
        result = self.node(event, events, path)
        # A scalar says where it ends; a block collection only where the next thing starts.
        end = event.end_mark.index
        self.values[path] = (self.base + event.start_mark.index, self.base + end)
        return result

    def pair(self, mapping: dict[str, Any], key: Any, events: Iterator[Any], path: _Path) -> None:
        """One key and its value, put into `mapping`."""
        start, end = self.base + key.start_mark.index, self.base + key.end_mark.index
        if not isinstance(key, yaml.ScalarEvent):
            if not isinstance(key, yaml.AliasEvent):  # `node` says that it is one
                self.fault("frontmatter-invalid", start, end, "a key must be plain text")
            self.node(key, events, (*path, "?"))
            self.node(next(events), events, (*path, "?"))
            return
        if key.anchor or key.tag:
            self.fault("frontmatter-alias", start, end, "anchor or tag on a key; remove it")
        here = (*path, key.value)
        if key.value == "<<" and key.implicit[0]:
            self.fault("frontmatter-alias", start, end, "merge key <<; write the keys out")
        elif key.value in mapping:
            self.duplicate(key.value, start, end, here)
        self.keys[here] = (start, end)
        mapping[key.value] = self.value(next(events), events, here)


class _LimitError(Exception):
    """A limit was reached, at the offset `start`."""

    def __init__(self, message: str, start: int) -> None:
        super().__init__(message)
        self.start = start


def _typed(event: Any) -> Any:
    """A scalar as YAML 1.1 types it, where JSON has that type; else its text."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    tag = _SCALARS.resolve(yaml.ScalarNode, text, (True, False))
    kind = tag.rpartition(":")[2]
    node = yaml.ScalarNode(tag, text)
    try:
        if kind == "null":
            return None
        if kind == "bool":
            return _SCALARS.construct_yaml_bool(node)
        if kind == "int":
            whole = _SCALARS.construct_yaml_int(node)
            str(whole)  # 59:59:59 is a number, too, and a long one cannot be written as text
            return whole
        if kind == "float":
            number = _SCALARS.construct_yaml_float(node)
            return number if math.isfinite(number) else text
    except (ValueError, OverflowError):  # more than 4,300 digits, 0b_
        return text
    return text


def lenient(
    source: Source, begin: int, stop: int, end: int | None, limits: Limits = LIMITS
) -> Frontmatter:
    """The frontmatter whose keys stand from `begin` to `stop`; with no `end`, nothing closes it."""
    text = source.text
    builder = _Builder(source, begin, limits)
    if end is None:
        stop, end = _leading_keys(text, begin)
        builder.fault("frontmatter-unclosed", 0, 3, "no line --- closes this frontmatter")
        if stop == begin:  # no key follows: a horizontal rule, perhaps; all of it is body
            return Frontmatter(faults=tuple(builder.faults))
    block = text[begin:stop]
    repaired = False
    if len(block.encode("utf-8", "replace")) > limits.frontmatter_bytes:
        builder.fault(
            "limit-reached", 0, 3, f"frontmatter larger than {limits.frontmatter_bytes} bytes"
        )
    else:
        try:
            repaired = _fill(builder, block, begin)
        except _LimitError as error:
            builder.fault("limit-reached", error.start, error.start + 1, str(error))
    return Frontmatter(
        data=builder.data,
        texts=builder.texts,
        keys=builder.keys,
        values=builder.values,
        start=0,
        end=end,
        repaired=repaired,
        faults=tuple(builder.faults),
    )


def _leading_keys(text: str, begin: int) -> tuple[int, int]:
    """For a block that is never closed: the lines that can only be keys and their values."""
    at = begin
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop == -1 else stop
        if not _KEY.match(text, at) and not (at > begin and text[at:stop].startswith((" ", "\t"))):
            break
        at = min(stop + 1, len(text)) if stop < len(text) else stop
    return at, at


def _fill(builder: _Builder, block: str, begin: int) -> bool:
    """Put what `block` holds into `builder`; true when it had to be read entry by entry."""
    try:
        if _GLUED.search(block):
            raise yaml.YAMLError
        result = builder.build(block, begin)
    except yaml.YAMLError as error:
        places = (builder.keys, builder.values, builder.texts)
        for place in places:
            place.clear()
        builder.faults = [f for f in builder.faults if f.rule == "frontmatter-unclosed"]
        _by_entry(builder, block, begin, error)
        return True
    if isinstance(result, dict):
        builder.data = result
    elif result is not None:
        builder.fault(
            "frontmatter-invalid", begin, begin + len(block.rstrip()), "must be keys with values"
        )
    return False


def _by_entry(builder: _Builder, block: str, begin: int, error: yaml.YAMLError) -> None:
    """Read `block` key by key, each alone: one broken value does not take the others along."""
    starts = sorted(m.start() for m in (*_keys_of_lines(block), *_GLUED.finditer(block)))
    blamed = False
    for start, stop in pairwise([*starts, len(block)]):
        entry = block[start:stop]
        match = _KEY.match(entry) or _GLUED.match(entry)
        assert match is not None  # noqa: S101  (starts are their matches)
        key = match[1]
        try:
            if (key,) in builder.keys:
                builder.duplicate(key, begin + start, begin + start + len(key), (key,))
            result = builder.build(entry, begin + start)
            if not isinstance(result, dict):
                raise yaml.YAMLError
            builder.data.update(result)
        except yaml.YAMLError as problem:
            value_at = match.end() + len(entry[match.end() :]) - len(entry[match.end() :].lstrip())
            value = _raw(entry[match.end() :])
            here = begin + start
            builder.data[key] = builder.texts[(key,)] = value
            builder.keys[(key,)] = (here, here + len(key))
            builder.values[(key,)] = (here + value_at, here + len(entry.rstrip()))
            _blame(builder, entry, value_at, here, problem)
            blamed = True
    if not blamed:
        at = begin + _index(error, block)
        at = min(at, begin + len(block.rstrip()))
        builder.fault("frontmatter-invalid", at, at + 1, f"YAML: {_problem(error)}")


def _keys_of_lines(block: str) -> Iterator[re.Match[str]]:
    """Each line of `block` that starts, at its margin, with a key and a colon."""
    at = 0
    while at < len(block):
        match = _KEY.match(block, at)
        if match:
            yield match
        newline = block.find("\n", at)
        if newline == -1:
            return
        at = newline + 1


def _raw(text: str) -> str:
    """A value that YAML refuses, as its writer meant it: one line of words."""
    text = text.strip()
    block = _BLOCK_SCALAR.match(text)
    if block:  # "description: | text on the same line"
        text = text[block.end() :]
    words = " ".join(text.split())
    if len(words) > 1 and words[0] == words[-1] and words[0] in "\"'":
        words = words[1:-1]
    return words


def _blame(builder: _Builder, entry: str, value_at: int, here: int, error: yaml.YAMLError) -> None:
    """Say what is wrong with `entry`: mostly a colon in a value without quotes."""
    if glued := _GLUED.match(entry):
        what = f"write a space behind the colon: {glued[1]}: {entry[glued.end() :].strip()[:40]}"
        builder.fault("frontmatter-invalid", here, here + glued.end(), what)
        return
    index = min(_index(error, entry), max(0, len(entry.rstrip()) - 1))
    if entry[index] == "\t":
        at = here + index
        builder.fault("frontmatter-invalid", at, at + 1, "a tab; YAML is indented with spaces")
        return
    colon = re.search(r":(?=\s)", entry[value_at:])
    if colon and entry[value_at] not in "\"'[{|>":
        at = here + value_at + colon.start()
        builder.fault(
            "frontmatter-colon", at, at + 1, "a colon in a plain value; put the value in quotes"
        )
        return
    at = here + index
    builder.fault("frontmatter-invalid", at, at + 1, f"YAML: {_problem(error)}")


def _index(error: yaml.YAMLError, text: str) -> int:
    """The offset in `text` at which `error` was seen."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = mark.index if mark is not None else getattr(error, "position", 0)
    return int(min(max(at, 0), len(text)))


def _problem(error: yaml.YAMLError) -> str:
    """One line of what the YAML library says."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return " ".join(str(problem).split())[:200] or "cannot be read"
