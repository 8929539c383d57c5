"""How long a site takes to build, how large it is, and how soon its catalogue opens.

    python benchmarks/site.py /path/to/skills            # what lies there
    python benchmarks/site.py /path/to/skills --copies 10000   # so many of them, again and again

The first figures are of the build: wall time, CPU time of all processes, files and bytes. Where
Chromium and selenium are installed, the catalogue is opened from the folder and searched.

On 2026-11-26, on two cores that others used too (so that CPU time counts, not wall time):

    911 public skills, 30 MB of Markdown     59 s of CPU, 5,832 files, 153 MB; painted in 192 ms
    10,000, 181 of them again and again     313 s of CPU, 43,212 files, 1,051 MB; 228 ms, search 31
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from mlskill.reader import discover
from mlskill.site import Options, build
from mlskill.site.builder import Job, jobs


def work(path: str, copies: int) -> list[Job]:
    """What is to be built: each skill once, or all of them in turn until there are `copies`."""
    found = [(path, root) for root in discover(path)]
    once = jobs(found)
    if not copies:
        return once
    return [
        Job(job.root, f"{number // len(once)}/{job.folder}", job.below, home=True)
        for number, job in enumerate(islice(cycle(once), copies))
    ]


def cpu() -> float:
    """CPU seconds of this process and of those that it started and that have ended."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return sum(use.ru_utime + use.ru_stime for use in used)


def opens(page: Path) -> str:
    """How soon the page shows its skills and answers a search, in a browser."""
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        return "not opened: selenium is not installed"
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not browser or not driver:
        return "not opened: there is no Chromium"
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for word in ("headless=new", "no-sandbox", "disable-gpu"):
        options.add_argument(f"--{word}")
    with webdriver.Chrome(options=options, service=Service(driver)) as found:
        found.get(page.as_uri())
        painted, ready = found.execute_script(
            "const n = performance.getEntriesByType('navigation')[0];"
            "const p = performance.getEntriesByName('first-contentful-paint')[0];"
            "return [p ? p.startTime : NaN, n.domContentLoadedEventEnd]"
        )
        searched = found.execute_script(
            "const i = document.querySelector('.controls input'); i.value = 'review';"
            "const t = performance.now(); i.dispatchEvent(new Event('input'));"
            "document.body.offsetHeight; return performance.now() - t"
        )
    return (
        f"painted after {painted:.0f} ms, all read after {ready:.0f} ms, search {searched:.0f} ms"
    )


def main() -> None:
    """Build, measure, say so."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path")
    parser.add_argument("--copies", type=int, default=0)
    options = parser.parse_args()
    todo = work(options.path, options.copies)
    with tempfile.TemporaryDirectory() as folder:
        wall, used = time.monotonic(), cpu()
        built = build(todo, folder, Options(title="Benchmark"))
        wall, used = time.monotonic() - wall, cpu() - used
        print(
            f"{built.skills:,} skills, {built.files:,} files, {built.bytes / 1e6:,.0f} MB:"
            f" {wall:.0f} s on {os.cpu_count()} cores, {used:.0f} s of CPU"
            f" ({1000 * used / built.skills:.1f} s a thousand)"
        )
        data = Path(folder) / "catalogue.js"
        if data.is_file():
            size = f"{data.stat().st_size / 1e6:.1f} MB"
            print(f"catalogue: {size}, {opens(data.parent / 'index.html')}")


if __name__ == "__main__":
    main()
