"""check: a text in any language but Python, by the lightest tool that is right for it.

Both who proves a skill and who only validates it come here: the prover asks for the whole check,
a rule for what the standard library and YAML can parse. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mlskill.checkers.notations import (
    check_csv,
    check_diff,
    check_dockerfile,
    check_ini,
    check_json,
    check_jsonc,
    check_jsonl,
    check_toml,
    check_xml,
)
from mlskill.checkers.tools import AbsentError, FaultError, run


class Checked(NamedTuple):
    """`by` what a text was checked, empty when nothing could; the fault and its line, from 1."""

    by: str
    message: str = ""
    line: int = 1


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
        return Checked(fault.by or language, fault.message, fault.line)
    except AbsentError as fault:
        return Checked("", str(fault))
    except (RecursionError, MemoryError) as fault:
        return Checked(language, f"too deep: {type(fault).__name__}")


def _shell(text: str) -> str:
    return run("bash", ["-n"], text=text)


def _javascript(text: str) -> str:
    return run("node", ["--check"], text=text, suffix=".mjs")


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
    from mlskill.checkers.manifests import check_yaml

    return check_yaml(text)


CHECKERS: dict[str, Callable[[str], str]] = {
    "json": check_json,
    "jsonc": check_jsonc,
    "jsonl": check_jsonl,
    "ndjson": check_jsonl,
    "yaml": _yaml,
    "yml": _yaml,
    "toml": check_toml,
    "ini": check_ini,
    "cfg": check_ini,
    "xml": check_xml,
    "csv": check_csv,
    "diff": check_diff,
    "patch": check_diff,
    "dockerfile": check_dockerfile,
    "docker": check_dockerfile,
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
