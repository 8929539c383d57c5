"""The info string of a fence: a closed vocabulary, so that what is not proven is seen to be.

The first word of an info string is the language. After it may stand, and nothing else:

    no-run="why"      not executed; compiled, and its names looked up in what is installed
    needs=NAME,NAME   executed where each NAME is there: a module, or `gpu`
    file=NAME         written as that file into the working directory, not executed by itself
    raises=Error      ends with that exception, or one that inherits from it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from mlskill.prover.runner import found

WORDS = ("needs", "no-run", "file", "raises")

_WORD = re.compile(r"""([^\s=]+)(?:=("[^"]*"|'[^']*'|\S*))?(?=\s|$)""")
_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_DEVICES = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")


@dataclass(frozen=True, slots=True)
class Info:
    """An info string, read; `faults` says what is wrong with it."""

    needs: tuple[str, ...] = ()
    no_run: str = ""
    file: str = ""
    raises: str = ""
    faults: tuple[str, ...] = ()


def read_info(info: str) -> Info:
    """An info string without its first word, read.

    >>> read_info('python needs=gpu,torch no-run="wants a cluster"').no_run
    'wants a cluster'
    >>> read_info("python norun").faults
    ("'norun' is no word of a block; did you mean no-run?",)
    """
    values: dict[str, str] = {}
    faults: list[str] = []
    words = " ".join(info.split()[1:])
    stray = _WORD.sub("", words).strip()
    if stray:
        faults.append(f"{stray[:80]!r} is no word of a block")
    for word, value in _WORD.findall(words):
        if value[:1] in ("'", '"') and (len(value) < 2 or value[-1] != value[0]):
            faults.append(f"the quote after {word[:80]}= is not closed")
        if word not in WORDS:
            near = get_close_matches(word[:40], WORDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(WORDS)}"
            faults.append(f"{word[:80]!r} is no word of a block; {hint}")
        elif word in values:
            faults.append(f"{word} stands twice")
        values[word] = value[1:-1] if value[:1] in ("'", '"') else value
    for word in WORDS:
        if word in values and not values[word].strip():
            what = 'its reason, as no-run="why"' if word == "no-run" else f"a value, as {word}=NAME"
            faults.append(f"{word} wants {what}")
    needs = tuple(filter(None, values.get("needs", "").split(",")))
    faults += [f"needs={n[:80]} names no module, nor gpu" for n in needs if not _NAME.fullmatch(n)]
    if values.get("raises") and not _NAME.fullmatch(values["raises"]):
        faults.append(f"raises={values['raises'][:80]} names no exception")
    if values.get("file") and not _inside(values["file"]):
        faults.append(f"file={values['file'][:80]} does not lie in the working directory")
    got = (needs, values.get("no-run", ""), values.get("file", ""), values.get("raises", ""))
    return Info(*got, tuple(faults))


def _inside(name: str) -> bool:
    """Whether `name` is a plain relative path."""
    parts = name.split("/")
    return bool(re.fullmatch(r"[\w./+@-]{1,200}", name)) and not {"", ".", ".."} & set(parts)


def available(name: str) -> bool:
    """Whether what `needs=` names is there: a device for `gpu`, else a module."""
    if name == "gpu":
        return any(Path(device).exists() for device in _DEVICES)
    return found(name)
