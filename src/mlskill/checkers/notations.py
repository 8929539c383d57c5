"""Data notations, each by the parser of the standard library, and two small ones of our own.

Each `check_` function returns what the text was checked by, and raises FaultError. It imports the
parser itself: nobody needs them all.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mlskill.checkers.tools import FaultError, run, tool


def check_json(text: str) -> str:
    """Strict JSON: no key twice, no NaN."""
    _load_json(text)
    return "json"


def _load_json(text: str) -> Any:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found:
                raise FaultError(f"the key {key!r} stands twice")
            found[key] = value
        return found

    def constant(name: str) -> None:
        raise FaultError(f"{name} is no JSON")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise _fault(error) from None
    except ValueError as error:  # a number of too many digits
        raise FaultError(str(error)) from None


def _fault(error: json.JSONDecodeError) -> FaultError:
    """What is wrong and where; a trailing comma is blamed itself, as Python does from 3.13 on."""
    comma = error.pos
    if not error.msg.startswith("Illegal trailing comma"):
        comma = len(error.doc[: error.pos].rstrip()) - 1
    closing = error.doc[comma + 1 :].lstrip()[:1]
    if comma >= 0 and error.doc[comma] == "," and closing in ("}", "]"):
        error = json.JSONDecodeError(f"a comma before the closing {closing}", error.doc, comma)
    return FaultError(error.msg, error.lineno, column=error.colno)


def check_jsonc(text: str) -> str:
    """JSON with comments and trailing commas, both blanked where they stand."""
    token = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

    def blank(match: re.Match[str]) -> str:
        return match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0])

    plain = token.sub(blank, text)
    comma = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')
    _load_json(comma.sub(lambda match: match[1] or " ", plain))
    return "json"


def check_jsonl(text: str) -> str:
    """A JSON value on each line."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                _load_json(line)
            except FaultError as fault:
                raise FaultError(fault.message, number) from None
    return "json"


_DOTS = 500
"""Dots in a line of TOML: tomllib takes time by the square of the parts of a key."""


def check_toml(text: str) -> str:
    """TOML, as tomllib reads it."""
    import tomllib

    if any(line.count(".") > _DOTS for line in text.splitlines()):
        raise RecursionError
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+), column (\d+)", str(error))
        line, column = (int(at[1]), int(at[2])) if at else (text.rstrip().count("\n") + 1, 0)
        message = re.sub(r" \(at [^()]*\)$", "", str(error))
        raise FaultError(message, line, column=column) from None
    return "tomllib"


def check_ini(text: str) -> str:
    """Sections and keys, as configparser reads them; no key twice."""
    import configparser

    try:
        configparser.ConfigParser(interpolation=None).read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or 1
        raise FaultError(str(error).partition("\n")[0], line) from None
    return "configparser"


def check_xml(text: str) -> str:
    """Well-formed XML."""
    from xml.parsers import expat

    parser = expat.ParserCreate()
    try:
        parser.Parse(text.strip().encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise FaultError(expat.errors.messages[error.code], error.lineno) from None
    return "expat"


def check_csv(text: str) -> str:
    """As many columns in each row as in the first."""
    import csv
    import io

    rows = csv.reader(io.StringIO(text), strict=True)
    width = 0
    try:
        for row in rows:
            width = width or len(row)
            if row and len(row) != width:
                raise FaultError(f"{len(row)} columns instead of {width}", rows.line_num)
    except csv.Error as error:
        raise FaultError(str(error), rows.line_num) from None
    return "csv"


def check_diff(text: str) -> str:
    """A unified diff: the lines of each hunk are as many as its head says."""
    old = new = start = hunks = 0
    for number, line in enumerate(text.splitlines(), 1):
        head = re.match(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@", line)
        if head and not old and not new:
            old, new, start = int(head[1] or 1), int(head[2] or 1), number
            hunks += 1
        elif old or new:
            old -= line[:1] in ("", " ", "-")
            new -= line[:1] in ("", " ", "+")
            if line[:1] not in ("", " ", "-", "+", "\\") or old < 0 or new < 0:
                raise FaultError("the hunk is not as long as its head says", start)
    if old or new:
        raise FaultError("the hunk is not as long as its head says", start)
    if not hunks and not re.search(r"^[+-]", text, re.MULTILINE):
        raise FaultError("no line is added or removed")
    return "hunks" if hunks else "lines"


INSTRUCTIONS = (
    *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"),
    *("MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
)
"""What a line of a Dockerfile starts with."""


def check_dockerfile(text: str) -> str:
    """By hadolint where it is installed, else by `check_instructions`."""
    if tool("hadolint"):
        return run("hadolint", ["--no-color", "--failure-threshold", "error", "-"], text=text)
    return check_instructions(text)


def check_instructions(text: str, *, whole: bool = True) -> str:
    """Known instructions that end; where it is `whole`, from FROM on."""
    lines = iter(enumerate(text.splitlines(), 1))
    stage = not whole
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split()
        word = words[0].upper()
        if word not in INSTRUCTIONS:
            raise FaultError(f"{words[0][:80]} is no instruction", number)
        if not stage and word not in ("FROM", "ARG"):
            raise FaultError(f"{word} stands before FROM", number)
        if len(words) == 1:
            raise FaultError(f"{word} says nothing", number)
        stage = stage or word == "FROM"
        for end in re.findall(r"<<-?[\"']?(\w+)[\"']?", line) if word in ("RUN", "COPY") else ():
            if not any(inner.strip() == end for _, inner in lines):
                raise FaultError(f"no line ends the text that {end} opens", number)
        while line.rstrip().endswith("\\") or line.lstrip().startswith("#"):
            number, line = next(lines, (number, ""))
    if not stage:
        raise FaultError("there is no FROM")
    return "instructions"
