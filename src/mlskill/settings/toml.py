"""load: the settings in a file, or an error that names its line and key."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlskill.reader.disk import take
from mlskill.reader.tree import RefusedError, TooLargeError
from mlskill.settings.options import Settings, SettingsError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST = 1 << 20
"""Bytes of such a file that are read."""


def load(file: str | os.PathLike[str], *, named: bool = False) -> Settings:
    """The settings in `file`; of a ``pyproject.toml`` its table ``[tool.mlskill]``.

    Raises:
        SettingsError: they cannot be read or mean nothing, or there are none in a file that was
            `named`.
    """
    import tomllib  # most commands find no settings

    path = Path(file)
    try:
        text = read(path).decode()
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: byte {error.start} is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        where, what = (f":{at[1]}:{at[2]}", str(error)[: at.start()]) if at else ("", str(error))
        raise SettingsError(f"{file}{where}: {what}") from None
    table: tuple[str, ...] = ()
    if path.name == "pyproject.toml":
        table = ("tool", "mlskill")
        tool = data.get("tool", {})
        if named and not (isinstance(tool, dict) and "mlskill" in tool):
            raise SettingsError(f"{file}: has no table [tool.mlskill]")
        data = tool.get("mlskill", {}) if isinstance(tool, dict) else {}
    if not data:
        return Settings(str(file), str(path.absolute().parent))
    return _checked(path, text, table, data)


def read(path: Path) -> bytes:
    """The bytes of a file of settings; raises `SettingsError`."""
    try:
        return take(None, os.path.realpath(path), MOST)
    except TooLargeError:
        raise SettingsError(f"{path}: is larger than {MOST} bytes") from None
    except RefusedError as no:
        raise SettingsError(f"{path}: {no.message.partition(';')[0]}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise SettingsError(f"{path}: could not be read ({reason})") from None


def _checked(path: Path, text: str, table: tuple[str, ...], data: Any) -> Settings:
    from pydantic import ValidationError

    from mlskill.settings.schema import File

    try:
        made = File.model_validate(data)
    except ValidationError as error:
        first, *more = error.errors(include_url=False)
        raise SettingsError(_message(path, text, table, first, len(more))) from None
    root = path.absolute().parent
    values = made.values()
    if values["baseline"]:
        values["baseline"] = str(root / values["baseline"])
    return Settings(file=str(path), root=str(root), **values)


def _message(path: Path, text: str, table: tuple[str, ...], error: ErrorDetails, more: int) -> str:
    """One line that says where an error is, and what."""
    keys = tuple(key for key in (*table, *error["loc"]) if key != "[key]")
    named = ".".join(f"[{key}]" if isinstance(key, int) else key for key in keys)
    line = _line(text, tuple(key for key in keys if isinstance(key, str)))
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = "there is no such setting"
    rest = f" (and {more} more)" if more else ""
    return f"{path}:{line}: {named.replace('.[', '[')}: {what}{rest}"


def _line(text: str, wanted: tuple[str, ...]) -> int:
    """The line of the key at the path `wanted`, or of the nearest table around it."""
    best, found, table = 0, 1, tuple[str, ...]()
    for number, line in enumerate(text.splitlines(), 1):
        here = _keys(line)
        if here and line.lstrip().startswith("["):
            table = here
        elif here:
            here = (*table, *here)
        if len(here) > best and here == wanted[: len(here)]:
            best, found = len(here), number
    return found


def _keys(line: str) -> tuple[str, ...]:
    """The path of the key or the table that `line` opens; empty when it opens none."""
    import tomllib

    written = line.split("=")[0] + "= 0" if "=" in line else line
    try:
        data: Any = tomllib.loads(written)
    except tomllib.TOMLDecodeError:
        return ()
    keys: tuple[str, ...] = ()
    while isinstance(data, dict) and len(data) == 1:
        key, data = next(iter(data.items()))
        keys = (*keys, key)
    return keys
