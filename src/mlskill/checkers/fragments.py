r"""fragments: faults of a block that is shown to readers, which is often only a part of something.

A writer leaves out what does not matter (``...``), puts a word in brackets where the reader's own
belongs (``<name>``), and shows two ways to do a thing under each other. None of that is a fault. So
a text is refused here only for what no reader could mean, and what was chosen was chosen so that on
926 public skills nobody is accused wrongly. Each `broken_` function raises FaultError.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
import warnings

from mlskill.checkers.notations import check_json, check_jsonl, check_toml
from mlskill.checkers.tools import FaultError

_LEFT_OUT = re.compile(r"\.\.\.|…")
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# What stands outside the strings of JSON that is still to be filled in, or has comments.
_NO_JSON_YET = re.compile(r"//|/\*|#|\.\.\.|…|<|\$|%|\{\{|\{[A-Za-z_ ]+\}|\w[|/]|\[[A-Z]")
_INSIDE = re.compile(r'"(?:\.\.\.|…)[^"\n]*"')


def broken_json(text: str) -> None:
    r"""JSON that is whole, and still not JSON.

    >>> broken_json('{"a": 1, ...}')
    >>> broken_json('"name": "a",\n"b": [1]\n')
    >>> broken_json('{"a": 1,}')
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: a comma before the closing }
    """
    try:
        check_json(text)
    except FaultError as fault:
        plain = _STRING.sub('""', text)
        if (
            plain.lstrip()[:1] not in ("{", "[")
            or _NO_JSON_YET.search(plain)
            or _INSIDE.search(text)
        ):
            return
        if "stands twice" not in fault.message and _several(text):
            return
        raise


def broken_jsonl(text: str) -> None:
    """JSON a line, of which one is whole and still not JSON."""
    for number, line in enumerate(text.split("\n"), 1):
        try:
            broken_json(line)
        except FaultError as fault:
            raise FaultError(fault.message, number, column=fault.column) from None


def _several(text: str) -> bool:
    """Whether `text` is several values: one on each line, or one behind the other."""
    try:
        check_jsonl(text)
    except FaultError:
        parts = re.split(r"(?<=[}\]])\s*\n(?=[{\[])", text.strip())
        try:
            return len(parts) > 1 and all(check_json(part) for part in parts)
        except FaultError:
            return False
    return True


# In these ways a parser that looks at a part, or at two alternatives, is misled.
_YAML_TEMPLATE = re.compile(r"(?<!\$)\{\{|\{%|<[A-Za-z]|\{[A-Za-z_ ]+\}|\.\.\.|…")
_ALTERNATIVES = re.compile(r"^[ \t]*#|\s#\s", re.MULTILINE)


def broken_yaml(text: str) -> None:
    r"""YAML that is no template, and that no reader could read.

    >>> broken_yaml("name: {{ .Values.name }}-x\n  a: b: c")
    >>> broken_yaml("key: [1, 2\nother: 3\n")
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: did not find expected ',' or ']'
    """
    if _YAML_TEMPLATE.search(text):
        return
    from mlskill.checkers.manifests import documents

    try:
        documents(text)
    except FaultError as fault:
        if "stands twice" in fault.message:
            if _ALTERNATIVES.search(text) or _repeats(text):
                return
        elif "<document start>" in fault.message or _is_page(text):
            return
        elif fault.column == 1 and _commented(text, fault.line):
            return  # another fragment, with a comment as its title
        raise


def _repeats(text: str) -> bool:
    """Whether `text` is one key over and over: several ways to write it."""
    return len({line.partition(":")[0] for line in text.splitlines() if line.strip()}) == 1


def _is_page(text: str) -> bool:
    """Whether `text` is a page with a frontmatter, all of it called YAML."""
    body = text.partition("\n---\n")[2]
    return text.startswith("---\n") and re.search(r"^#{1,6} \S", body, re.MULTILINE) is not None


def _commented(text: str, line: int) -> bool:
    """Whether a comment is all that stands on the line before."""
    return text.split("\n")[line - 2].lstrip().startswith("#") if line > 1 else False


def broken_toml(text: str) -> None:
    """TOML that is whole, and cannot be read."""
    try:
        check_toml(text)
    except FaultError as fault:
        line = text.split("\n")[fault.line - 1] if fault.line else ""
        twice = re.search(r"twice|Cannot (?:over|mutate)", fault.message)
        if _LEFT_OUT.search(text) or re.search(r"<\w|\{[\w ]*$|\{\{", line):
            return
        if (twice and _ALTERNATIVES.search(text)) or re.match(r"\s*[\"'].*[\"'],?\s*(#.*)?$", line):
            return
        raise


# The messages of CPython that name a fault nobody makes on purpose; "invalid syntax" is none.
_SURE = re.compile(
    r"was never closed|unmatched|does not match opening|unterminated (?:string|triple|f-string)"
    r"|expected ':'|positional argument follows keyword|keyword argument repeated"
    r"|Missing parentheses in call|unindent does not match|inconsistent use of tabs"
    r"|invalid character '[“”‘’–—\u00a0\u200b]'|leading zeros"
    r"|expected 'except' or 'finally'|non-default argument|without a default"
    r"|invalid non-printable character"
)
# Where it says no more than "invalid syntax", the line must be Python beyond doubt.
_MEANT = re.compile(
    r"\s*(?:(?:async +)?def +\w+ *\(|class +\w+ *[(:]|from +[\w.]+ +import\b"
    r"|import +[\w.]+( +as)?\b"
    r"|(?:for +[\w, ()]+ +in|while|if|with) .*[:)\]]$)"
)
# An operator where a value belongs, in a form that no other notation has: "a == = b", "a = b +".
_OPERATORS = re.compile(
    r"\s*(?:[\w.()\[\]]+ (?:[=!<>]=|=) ?(?:[*/%]|[=!<>]?=) ?[\w(\[\"'].*"
    r"|(?:[\w.]+ = |return )[\w.()\[\] ]*[\w)\]] (?:[-+*/%]|[=!<>]=))[ \t]*$"
)
_SHELL = re.compile(
    r"^[ \t]*(?:[$%!?>]|(?:pip3?|uv|conda|npm|npx|git|cd|curl|python3?|export|docker|sudo|brew|apt)\s)"  # noqa: E501
    r"|^[ \t]*FROM [\w./:-]+[ \t]*$|^[ \t]*\.\.\.[ \t]*$|^[+-] ",
    re.MULTILINE,
)
# What Python learnt later than the oldest that runs this: it must not depend on who looks. In an
# f-string that is a quote like its own within its braces, and whatever else it says of them.
_NEWER = re.compile(
    r"^[ \t]*(?:type \w+ *[=\[]|(?:async )?def \w+\[|class \w+\[|except [\w.]+,)|\b[tT][rR]?[\"']"
    r"|\b(?:[fF][rR]?|[rR][fF])([\"'])(?:(?!\1)[^\\\n]|\\.)*?\{[^{}\n]*\1[^\n]*\}",
    re.M,
)
_SIGNATURE = re.compile(r"^\s*[\w.]+\(.*", re.DOTALL)


def broken_python(text: str) -> None:
    r"""Python that would run if it were not for a slip.

    >>> broken_python("load(path: str, ...) -> Model")
    >>> broken_python("pip install x")
    >>> broken_python("for i in range(3)\n    print(i)\n")
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: expected ':'
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
        return
    except SyntaxError as error:
        message, line, column = error.msg, error.lineno or 1, max(1, error.offset or 1)
        lines = (error.end_lineno or line) - line
    except (ValueError, RecursionError, MemoryError):
        return
    comma = "forgot a comma" in message and lines > 0  # one is missing at the end of a line
    written = text.split("\n")[line - 1]
    meant = message == "invalid syntax" and (_MEANT.match(written) or _OPERATORS.match(written))
    bare = message.startswith("expected an indented block") and _bare(text, line)
    if not (comma or meant or bare or _SURE.search(message)) or _no_python(text):
        return
    if sys.version_info < (3, 14) and (message.startswith("f-string") or _NEWER.search(text)):
        return
    raise FaultError(message, line, column=column)


def _bare(text: str, line: int) -> bool:
    """Whether the code on `line` should be further in than the line before; no list of heads."""
    above, here = ([*text.split("\n"), ""][max(0, number)] for number in (line - 2, line - 1))
    head, word = (re.match(r"\s*(\w+)", each) for each in (above, here))
    return bool(head and word and head[1] != word[1] and above.rstrip().endswith(":"))


def _no_python(text: str) -> bool:
    """Whether `text` is something else that looks like Python: a session, a signature, a part."""
    if _LEFT_OUT.search(text) or _SHELL.search(text) or re.search(r"<[A-Za-z][\w -]*>", text):
        return True
    for changed in (textwrap.dedent(text), f"def {text.strip()}: ..."):
        try:
            ast.parse(changed)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return True
    return False


_INSTRUCTION = re.compile(r"[A-Za-z]+(?=\s)")


_CONTINUED = r"\\[ \t]*\n(?:[ \t]*#[^\n]*\n)*"
# The form of a command that is a list; Docker gives what is no JSON to a shell, brackets and all.
_LISTED = re.compile(
    rf"^[ \t]*(CMD|ENTRYPOINT)[ \t]+(\[(?=[ \t]*[\"'])(?:[^\n\\]|{_CONTINUED}|\\.)*)", re.M | re.I
)


def broken_dockerfile(text: str) -> None:
    """A Dockerfile with an instruction that is none, but nearly one; or a text without its end."""
    from mlskill.checkers.notations import check_instructions

    if _LEFT_OUT.search(text):
        return
    try:
        check_instructions(text, whole=False)
    except FaultError as fault:
        from mlskill.checkers.notations import INSTRUCTIONS

        word, _, problem = fault.message.partition(" ")
        if problem == "is no instruction":
            near = _near(word.upper(), INSTRUCTIONS)
            if not near:
                return
            fault.message += f"; did you mean {near}?"
        raise
    for match in _LISTED.finditer(text):
        try:
            check_json(re.sub(_CONTINUED, "", match[2]))
        except FaultError:
            what = "is no list of texts in double quotes, so a shell gets its brackets"
            raise _at(text, match.start(2), f"what {match[1]} runs {what}") from None


def _near(word: str, words: tuple[str, ...], cutoff: float = 0.75) -> str:
    """What of `words` is meant by one that is none of them; empty where it is, or nobody knows."""
    from difflib import get_close_matches

    if word in words:
        return ""
    return next(iter(get_close_matches(word, words, n=1, cutoff=cutoff)), "")


_SQL = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|(\$\w{0,40}\$).{0,5000}?\1|[()']",
    re.DOTALL,
)


_STATEMENT = re.compile(r"(?:\s|--[^\n]*+|/\*.{0,2000}?\*/)*+([A-Za-z]+)(?=\s)", re.DOTALL)
_STATEMENTS = ("ALTER", "CREATE", "DELETE", "DROP", "INSERT", "SELECT", "UPDATE")


def broken_sql(text: str) -> None:
    """SQL whose brackets or quotes are not closed, in any dialect, or whose first word is misspelt.

    >>> broken_sql("SELETC 1 FROM t")
    Traceback (most recent call last):
    mlskill.checkers.tools.FaultError: SELETC is no statement; did you mean SELECT?
    """
    if _LEFT_OUT.search(text) or re.search(r"<[A-Za-z]|\{\{|\{%", text):
        return
    first = _STATEMENT.match(text)
    if first and (meant := _near(first[1].upper(), _STATEMENTS, 0.83)):  # DATE is no UPDATE
        raise _at(text, first.start(1), f"{first[1]} is no statement; did you mean {meant}?")
    opened: list[int] = []
    for match in _SQL.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif match[0] == ")":
            if not opened:
                raise _at(text, match.start(), "nothing opened this bracket")
            opened.pop()
        elif match[0] == "'":
            raise _at(text, match.start(), "this quote is never closed")
    if opened:
        raise _at(text, opened[-1], "this bracket is never closed")


def _at(text: str, offset: int, message: str) -> FaultError:
    line = text.count("\n", 0, offset) + 1
    return FaultError(message, line, column=offset - (text.rfind("\n", 0, offset) + 1) + 1)
