"""check: a block of any language but Python, by the lightest tool that is right for it."""

from __future__ import annotations

import configparser
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.parsers import expat


@dataclass(frozen=True, slots=True)
class Checked:
    """`by` what a text was checked, empty when nothing could; the fault and its line, from 1."""

    by: str
    message: str = ""
    line: int = 1


class FaultError(Exception):
    """A fault in a text, at a line of it."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message, self.line = message, line


class AbsentError(Exception):
    """The tool for a language is not installed."""


def check(language: str, text: str) -> Checked:
    r"""What `text`, in `language`, was checked by, and its first fault.

    >>> check("json", '{"a": 1,\n "a": 2}').message
    "the key 'a' stands twice"
    """
    checker = CHECKERS.get(language)
    if checker is None:
        return Checked("", f"no checker for {language[:80]!r}")
    try:
        return Checked(checker(text))
    except FaultError as fault:
        return Checked(language, fault.message, fault.line)
    except AbsentError as fault:
        return Checked("", str(fault))
    except (RecursionError, MemoryError) as fault:
        return Checked(language, f"too deep: {type(fault).__name__}")


def _json(text: str) -> str:
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
        raise FaultError(error.msg, error.lineno) from None
    except ValueError as error:  # a number of too many digits
        raise FaultError(str(error)) from None


def _jsonc(text: str) -> str:
    """JSON with comments and trailing commas, both blanked where they stand."""
    token = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)

    def blank(match: re.Match[str]) -> str:
        return match[0] if match[0][0] == '"' else re.sub(r"[^\n]", " ", match[0])

    plain = token.sub(blank, text)
    comma = re.compile(r'("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])')
    _load_json(comma.sub(lambda match: match[1] or " ", plain))
    return "json"


def _jsonl(text: str) -> str:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                _load_json(line)
            except FaultError as fault:
                raise FaultError(fault.message, number) from None
    return "json"


def _toml(text: str) -> str:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise FaultError(str(error), int(line[1]) if line else 1) from None
    return "tomllib"


def _ini(text: str) -> str:
    try:
        configparser.ConfigParser(interpolation=None).read_string(text)
    except configparser.Error as error:
        line = getattr(error, "lineno", None) or 1
        raise FaultError(str(error).partition("\n")[0], line) from None
    return "configparser"


def _xml(text: str) -> str:
    parser = expat.ParserCreate()
    try:
        parser.Parse(text.strip().encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise FaultError(expat.errors.messages[error.code], error.lineno) from None
    return "expat"


def _csv(text: str) -> str:
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


def _diff(text: str) -> str:
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


_INSTRUCTIONS = (
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL"
    " STOPSIGNAL USER VOLUME WORKDIR"
)


def _dockerfile(text: str) -> str:
    if tool("hadolint"):
        return _run("hadolint", ["--no-color", "-"], text=text)
    lines = iter(enumerate(text.splitlines(), 1))
    stage = False
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split()
        word = words[0].upper()
        if word not in _INSTRUCTIONS.split():
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


def _shell(text: str) -> str:
    return _run("bash", ["-n"], text=text)


def _javascript(text: str) -> str:
    return _run("node", ["--check"], text=text, suffix=".mjs")


def _sql(text: str) -> str:
    try:
        import sqlglot  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise AbsentError("sqlglot is not installed") from None
    try:
        sqlglot.parse(text)
    except sqlglot.errors.SqlglotError as error:
        where = (getattr(error, "errors", None) or [{}])[0]
        message = where.get("description") or str(error).partition("\n")[0]
        raise FaultError(message, where.get("line") or 1) from None
    return "sqlglot"


def _hcl(text: str) -> str:
    try:
        import hcl2  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise AbsentError("python-hcl2 is not installed") from None
    try:
        hcl2.loads(text)
    except Exception as error:  # its errors have no common name
        message = str(error).partition("\n")[0]
        raise FaultError(message, getattr(error, "line", None) or 1) from None
    return "python-hcl2"


def _promql(text: str) -> str:
    try:
        import promql_parser  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise AbsentError("promql-parser is not installed") from None
    try:
        promql_parser.parse(text)
    except ValueError as error:
        raise FaultError(str(error).partition("\n")[0]) from None
    return "promql-parser"


def _yaml(text: str) -> str:
    from mlskill.prover.manifests import check_yaml

    return check_yaml(text)


def tool(name: str) -> str | None:
    """The path of a command: beside this interpreter, else where the system looks."""
    here = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join((here, os.environ.get("PATH", os.defpath))))


def _run(name: str, arguments: list[str], *, text: str, suffix: str = "") -> str:
    """Give `text` to a command as a file; its name, when it has nothing to say against it."""
    command = tool(name)
    if command is None:
        raise AbsentError(f"{name} is not installed")
    code, said = call([command, *arguments], text, suffix)
    if code:
        line = re.search(r"(?:line |:)(\d+)", said)
        said = said.replace(f"block{suffix}: ", "")
        message = next((s for s in said.splitlines() if s.strip()), f"{name} ends with {code}")
        raise FaultError(message, int(line[1]) if line else 1)
    return name


def call(command: list[str], text: str, suffix: str = "") -> tuple[int, str]:
    """Exit code and output of `command` on a file that holds `text`, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="mlskill-check-") as folder:
        path = Path(folder, f"block{suffix}")
        path.write_text(text, "utf-8", "replace")
        kept = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT", "LANG") if k in os.environ}
        arguments = [path.name if a == "-" else a for a in command]
        if "-" not in command:
            arguments.append(path.name)
        try:
            done = subprocess.run(  # noqa: S603 - a checker, on a file that it only reads
                arguments,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                cwd=folder,
                env={**kept, "HOME": folder},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise FaultError(f"{Path(command[0]).name} found no end in 60 s") from None
    said = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    return done.returncode, said[:20_000]


CHECKERS: dict[str, Callable[[str], str]] = {
    "json": _json,
    "jsonc": _jsonc,
    "jsonl": _jsonl,
    "ndjson": _jsonl,
    "yaml": _yaml,
    "yml": _yaml,
    "toml": _toml,
    "ini": _ini,
    "cfg": _ini,
    "xml": _xml,
    "csv": _csv,
    "diff": _diff,
    "patch": _diff,
    "dockerfile": _dockerfile,
    "docker": _dockerfile,
    "bash": _shell,
    "sh": _shell,
    "shell": _shell,
    "javascript": _javascript,
    "js": _javascript,
    "sql": _sql,
    "hcl": _hcl,
    "terraform": _hcl,
    "tf": _hcl,
    "promql": _promql,
}
