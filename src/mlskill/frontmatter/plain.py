"""plain: frontmatter of which each line is a key and one value, which is text beyond doubt.

To import the YAML library takes longer than to check a small skill. What is read here, that library
reads alike: a test compares the two.
"""

from __future__ import annotations

import re

from mlskill.model import Frontmatter, Limits

# No other white space, no control characters, nothing that YAML takes for a line end or a mark.
_TEXT = r" -~\u00a1-\u024f\u2010-\u2027"
_LINE = re.compile(
    r"(?P<key>[A-Za-z_][\w-]{0,60}): (?P<value>"
    rf"\"(?P<double>(?:(?![\"\\])[{_TEXT}])*)\""
    rf"|'(?P<single>(?:(?!')[{_TEXT}])*)'"
    rf"|(?P<bare>[A-Za-z](?:(?!: | #)[{_TEXT}])*(?<![ :])))\n",
    re.ASCII,
)
_WORDS = frozenset(("yes", "no", "true", "false", "on", "off", "null"))
"""What is no text in YAML 1.1, in any case."""

_Path = tuple[str | int, ...]


def plain(text: str, begin: int, stop: int, end: int, limits: Limits) -> Frontmatter | None:
    """The keys of `text` from `begin` to `stop`; None where any of it is not plain."""
    if 4 * (stop - begin) > limits.frontmatter_bytes:
        return None
    data: dict[str, str] = {}
    texts: dict[_Path, str] = {}
    keys: dict[_Path, tuple[int, int]] = {}
    values: dict[_Path, tuple[int, int]] = {}
    at = begin
    while at < stop:
        match = _LINE.match(text, at, stop)
        if match is None or match["key"] in data:
            return None
        if (match["bare"] or "").lower() in _WORDS:
            return None
        key = match["key"]
        data[key] = texts[(key,)] = match["double"] or match["single"] or match["bare"] or ""
        keys[(key,)] = match.span("key")
        values[(key,)] = match.span("value")
        at = match.end()
    if not 0 < len(data) < limits.yaml_nodes:
        return None
    return Frontmatter(data=data, texts=texts, keys=keys, values=values, end=end)
