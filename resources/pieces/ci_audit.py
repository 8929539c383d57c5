"""What made CI green? Skipped tests and years-old packages both end with exit code 0.

Copy the file; it needs nothing. In CI: ``python ci_audit.py report.xml requirements.lock numpy=2.4
mlflow=3.17`` with the report of ``pytest --junitxml``; it prints what is wrong and exits 1. Change
the floors to those of your direct dependencies, and `ALLOWED` to tests that may be skipped.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from xml.etree import ElementTree

ALLOWED: tuple[str, ...] = ()


def skipped(report: str, allowed: Collection[str] = ALLOWED) -> list[str]:
    """What a JUnit report hides: skipped tests that may not be, or that no test ran at all."""
    cases = ElementTree.fromstring(report).findall(".//testcase")  # noqa: S314 - our own report
    names = [f"{case.get('classname')}::{case.get('name')}" for case in cases]
    lost = [
        name for name, case in zip(names, cases, strict=True) if case.find("skipped") is not None
    ]
    if len(lost) == len(cases):
        return ["no test ran"]
    return [f"skipped: {name}" for name in lost if name not in allowed]


def failed(report: str) -> list[str]:
    """Tests of a JUnit report that failed or broke: green is nothing here nor in `skipped`."""
    cases = ElementTree.fromstring(report).findall(".//testcase")  # noqa: S314 - our own report
    return [
        f"{kind.tag}: {case.get('classname')}::{case.get('name')}"
        for case in cases
        for kind in case
        if kind.tag in ("failure", "error")
    ]


def too_old(lock: str, floors: Mapping[str, str]) -> list[str]:
    """Packages that a requirements lock pins below their floor, or not at all."""
    pins = {
        _plain(name): number
        for name, number in re.findall(r"(?m)^([\w.-]+)(?:\[[^\]]*\])?==(\d[^\s;\\]*)", lock)
    }
    return [
        f"{name}: {pins.get(_plain(name), 'not locked')}, wanted {least} or later"
        for name, least in floors.items()
        if _plain(name) not in pins or _release(pins[_plain(name)]) < _release(least)
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _release(number: str) -> list[int]:
    """The numbers of a version; what follows them (rc1, +cpu) does not count."""
    matched = re.match(r"\d+(\.\d+)*", number)
    parts = [int(part) for part in matched.group().split(".")] if matched else []
    while parts and parts[-1] == 0:
        parts.pop()
    return parts


def main(arguments: list[str]) -> int:
    """1 and a line for each fault, else 0."""
    report, lock, *floors = arguments
    text = Path(report).read_text(encoding="utf-8")
    found = failed(text) + skipped(text)
    named = dict(floor.split("=", 1) for floor in floors)
    found += too_old(Path(lock).read_text(encoding="utf-8"), named)
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
