"""templates: our own pages, by Jinja; a skill's text is a value in them that is always escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from mlskill.hidden import visible


def fill(template: str, **values: Any) -> str:
    """The template in ``views/site`` with `values`."""
    return _environment().get_template(f"{template}.html.j2").render(values)


def part(name: str, *values: Any) -> str:
    """One of the macros in ``views/site/parts.html.j2``."""
    return str(getattr(_parts(), name)(*values))


@cache
def _parts() -> Any:
    return _environment().get_template("parts.html.j2").module


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("mlskill", "views/site"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["number"] = "{:,}".format
    environment.filters["day"] = _day
    environment.filters["seconds"] = _seconds
    environment.filters["bytes"] = _bytes
    return environment


def _shown(value: Any) -> Any:
    """A value with nothing hidden in it; what is HTML of ours has been made so already."""
    return visible(value) if type(value) is str else value


def _day(moment: datetime) -> str:
    return f"{moment:%B} {moment.day}, {moment.year}"


def _seconds(time: float) -> str:
    return f"{time:.1f} s" if time >= 0.05 else "under 0.1 s"


def _bytes(size: int) -> str:
    return f"{size:,} bytes" if size < 10_000 else f"{size / 1000:,.0f} kB"
