"""formats: a report as text for people, programs and pipelines.

Whatever a skill contains, what is written is inert (`escape`; JSON has its own escapes): none of it
can drive a terminal or pass for a workflow command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mlskill.formats import github, json, text

FORMATS: Mapping[str, Callable[..., str]] = {
    "text": text.write,
    "json": json.write,
    "github": github.write,
}
"""Each format's ``write(report, *, color=False) -> str``, by name."""
