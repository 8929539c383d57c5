"""mlskill pack: a skill as files that a runtime installs."""

from __future__ import annotations

import argparse
import posixpath
import sys
from collections.abc import Iterator

from mlskill.apps.cli.console import harmless, show
from mlskill.hidden import visible
from mlskill.loader import load
from mlskill.packer import LAYOUTS, Pack, pack, write
from mlskill.packer.disk import ARCHIVES

EXAMPLES = """
mlskill pack
mlskill pack path/to/skill --output my-skill.skill
mlskill pack --layout references --output agent/skills/ml-engineer
mlskill pack --split --layout claude-plugin --output plugin
mlskill pack --layout well-known --output public
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path", nargs="?", help="a skill (default: the one that comes with mlskill)"
    )
    parser.add_argument(
        "--output",
        metavar="PATH",
        help="the folder to write, or an archive if it ends in .zip or .skill "
        "(default: NAME below dist)",
    )
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="tree",
        help="; ".join(f"{name}: {layout.summary}" for name, layout in LAYOUTS.items()),
    )
    parser.add_argument("--split", action="store_true", help="make each module a skill of its own")
    parser.add_argument(
        "--force", action="store_true", help="replace what is at PATH, whoever wrote it"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace) -> int:
    """Write the pack; print the digests of its files as ``sha256sum`` does."""
    packed = pack(load(options.path, contents=True), layout=options.layout, split=options.split)
    kind = [options.layout] * (options.layout != "tree") + ["split"] * options.split
    output = options.output or posixpath.join("dist", *kind, packed.name)
    digests = write(packed, output, force=options.force)
    for note in (*packed.notes, *_misnamed(packed, output)):
        print(harmless(f"mlskill: {visible(note)}"), end="", file=sys.stderr)
    if options.format == "json":
        from mlskill.formats.json import dump

        files = [
            {"path": path, "bytes": len(packed.files[path]), "sha256": digest}
            for path, digest in packed.digests.items()
        ]
        about = {"name": packed.name, "output": output, "sha256": packed.digest}
        show(dump(about | {"complete": packed.complete, "files": files}))
    else:
        show(harmless(digests))
    return 0 if packed.complete else 3


def _misnamed(packed: Pack, output: str) -> Iterator[str]:
    """That a skill lies in a folder which is not called as it is."""
    folder = posixpath.basename(posixpath.abspath(output))
    if packed.folder and not output.lower().endswith(ARCHIVES) and folder != packed.folder:
        yield f"{output}: runtimes want the folder of this skill to be called {packed.folder}"
