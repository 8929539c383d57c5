"""code: a block of code with its words coloured, by Pygments.

Only languages whose lexers read any text in about linear time are coloured (those of make and HCL
take seconds), and no text beyond a size: a stranger chooses both the language and the text.
Everything else is shown as it is.
"""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from mlskill.hidden import visible

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LARGEST = 60_000
"""Characters of the longest text that is coloured."""

_LONGEST_LINE = 5_000

LANGUAGES = frozenset(
    (
        *("bash", "bat", "c", "console", "cpp", "csharp", "css", "cuda", "cypher", "diff"),
        *("docker", "dockerfile", "go", "graphql", "groovy", "haskell", "html", "http"),
        *("ini", "java", "javascript", "js", "json", "jsonc", "json5", "jsx", "julia", "kotlin"),
        *("lua", "nginx", "perl", "php", "powershell", "properties", "promql"),
        *("proto", "protobuf", "ps1", "py", "pycon", "python", "python3", "r", "rb", "ruby"),
        *("rust", "scala", "sh", "shell", "sql", "swift", "toml", "ts", "tsx"),
        *("typescript", "xml", "yaml", "yml", "zsh"),
    )
)
"""The first words of info strings, and suffixes of files, that are coloured."""

# The nearest language whose lexer is linear where the language's own is not, or not there.
_ALIASES = {
    "java": "groovy",
    "json5": "json",
    "jsonc": "json",
    "ts": "javascript",
    "tsx": "javascript",
    "typescript": "javascript",
}


def code(text: str, language: str) -> str:
    r"""`text` as HTML to stand in ``<code>``, with every hidden character shown as an escape.

    >>> code("a < b", ""), code("\x1b[2J\n", "")
    ('a &lt; b', '\\x1b[2J\n')
    """
    text = "\n".join(map(visible, text.split("\n")))
    lexer = _lexer(language) if _short(text) else None
    if lexer is None:
        return escape(text, quote=False)
    from pygments import format

    tokens = [*lexer.get_tokens(text)]
    if "".join(words for _, words in tokens) != text:  # some lexers drop what they do not expect
        return escape(text, quote=False)
    html: str = format(tokens, _formatter())
    # Pygments ends the last line, whether the text does or not.
    return html if text.endswith("\n") else html.removesuffix("\n")


def _short(text: str) -> bool:
    return len(text) <= LARGEST and max(map(len, text.split("\n"))) <= _LONGEST_LINE


@cache
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if language not in LANGUAGES:
        return None
    try:
        name = _ALIASES.get(language, language)
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:  # an older Pygments
        return None


@cache
def _formatter() -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True, classprefix="k-")
