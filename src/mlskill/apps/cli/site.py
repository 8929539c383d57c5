"""mlskill site: skills as web pages, in a folder or on this machine."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mlskill.apps.cli.arguments import count
from mlskill.apps.cli.console import show
from mlskill.errors import MlskillError
from mlskill.hidden import visible

if TYPE_CHECKING:
    from mlskill.site import Built, Options
    from mlskill.site.proof import Proofs

EXAMPLES = """
mlskill site --serve
mlskill site path/to/skill --output public
mlskill prove --format json . > proof.json; mlskill site . --proof proof.json --output public
mlskill site skills/ --title 'Our skills' --source https://github.com/o/r/blob/main --output public
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path", nargs="*", help="a skill, or a folder of many (default: the one that comes along)"
    )
    parser.add_argument("--output", metavar="DIR", help="the folder to write; new, empty, or ours")
    parser.add_argument(
        "--serve", action="store_true", help="show it to this machine, and anew when files change"
    )
    parser.add_argument("--port", type=count, default=8321, help="of --serve (default: 8321)")
    parser.add_argument("--title", default="", help="what the site is called")
    parser.add_argument(
        "--proof",
        metavar="FILE",
        action="append",
        default=[],
        help="what mlskill prove --format json said of the blocks; may be given several times",
    )
    parser.add_argument(
        "--source", metavar="URL", default="", help="where the folder PATH is shown on the web"
    )
    parser.add_argument(
        "--editor",
        metavar="NAME",
        default="",
        help="link each section to vscode, cursor, zed, idea, sublime, or to an address with "
        "{path} and {line}; the pages then name folders of this machine",
    )


def run(options: argparse.Namespace) -> int:
    """Build the site; show it, if that is asked for."""
    if find_spec("pygments") is None:
        raise MlskillError("mlskill site needs more: pip install 'mlskill[site]'")
    from mlskill.home import home
    from mlskill.site import Options
    from mlskill.site.places import editor, repository
    from mlskill.site.proof import read

    if not options.serve and not options.output:
        raise MlskillError("say where to: --output DIR writes the site, --serve shows it")
    settings = Options(
        title=options.title,
        repository=repository(options.source) if options.source else "",
        editor=editor(options.editor) if options.editor else "",
        live=options.serve,
    )
    paths, proofs = options.path or [str(home())], read(options.proof)
    if options.serve:
        return _serve(paths, options.output, options.port, settings, proofs)
    built = _build(paths, Path(options.output), settings, proofs)
    size = f"{built.files:,} files, {built.bytes / 1e6:,.1f} MB"
    many = "skill" if built.skills == 1 else "skills"
    show(f"{visible(str(Path(built.folder) / 'index.html'))}: {built.skills:,} {many}, {size}\n")
    return 0 if built.complete else 3


def _build(paths: list[str], output: Path, settings: Options, proofs: Proofs) -> Built:
    """Build the site of every skill below `paths`."""
    from mlskill.errors import NoSkillError
    from mlskill.reader import discover
    from mlskill.site.builder import build, jobs

    found = []
    for path in paths:
        skills = discover(path)
        found += [(path, root) for root in skills]
        for fault in skills.faults:
            print(f"mlskill: {visible(f'{fault.path}: {fault.message}')}", file=sys.stderr)
    if not found:
        raise NoSkillError(paths)
    return build(jobs(found), output, settings, proofs)


def _serve(
    paths: list[str], output: str | None, port: int, settings: Options, proofs: Proofs
) -> int:
    """Build, show, and build again when something changes, until the user ends it."""
    if find_spec("watchfiles") is None:
        raise MlskillError("--serve needs more: pip install 'mlskill[site]'")
    from threading import Thread

    from mlskill.apps.site import Server, watch

    with ExitStack() as stack:
        folder = Path(output or stack.enter_context(tempfile.TemporaryDirectory(prefix="mlskill-")))
        _build(paths, folder, settings, proofs)
        server = Server(folder, port)
        stack.callback(server.close)
        Thread(target=server.serve_forever, daemon=True).start()
        show(f"{server.address} shows it and follows changes; Ctrl+C ends it\n")

        def again() -> None:
            try:
                _build(paths, folder, settings, proofs)
            except MlskillError as error:  # a file is half written, or gone for a moment
                print(f"mlskill: {visible(str(error))}", file=sys.stderr)
            else:
                server.changed()

        with suppress(KeyboardInterrupt):
            watch(paths, folder, again)
    return 0
