"""mlskill mcp: skills for clients of the Model Context Protocol, over stdio or HTTP."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, Any, Literal

from mlskill.errors import MlskillError
from mlskill.home import home
from mlskill.reader import discover

if TYPE_CHECKING:
    from mcp.server.lowlevel.server import Server

TOKEN = "MLSKILL_TOKEN"  # noqa: S105 - the variable that holds it
"""The environment variable with the token; a command line could be read by every user."""

EXAMPLES = """
mlskill mcp
mlskill mcp ~/.agents/skills
mlskill mcp --http --port 8000 skills/
mlskill mcp --index skills.idx skills/    # many: `mlskill index skills/ --output skills.idx`
MLSKILL_TOKEN=… mlskill mcp --http --host 0.0.0.0 --name skills.example.org skills/
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What it takes."""
    parser.add_argument(
        "path",
        nargs="*",
        help="a skill, or a folder of many (default: the one that comes with mlskill)",
    )
    parser.add_argument("--http", action="store_true", help="streamable HTTP at /mcp, not stdio")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: loopback)")
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen on (default: 8000; 0: any)"
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name by which clients reach the server, beside those of the loopback",
    )
    parser.add_argument(
        "--index", metavar="FILE", help="search many skills in this file, which mlskill index wrote"
    )
    parser.add_argument(
        "--no-watch", action="store_true", help="do not look for changes of the files"
    )
    parser.epilog = (parser.epilog or "") + (
        f"\n\nThe environment variable {TOKEN} holds the token that clients must send as\n"
        "Authorization: Bearer TOKEN. It may be absent only where nothing but this machine is\n"
        "listened to."
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the client goes or the process is told to end."""
    paths = options.path or [str(home())]
    for path in paths:
        discover(path)  # a path that is not there is a mistake to be told at once
    try:
        import watchfiles  # noqa: F401

        import mcp  # noqa: F401
    except ImportError as error:
        raise MlskillError(
            f"mlskill mcp needs {error.name}, which comes with: pip install 'mlskill[mcp]'"
        ) from None
    if options.http:
        _http(options, paths)
    else:
        _stdio(options, paths)
    return 0


def _http(options: argparse.Namespace, paths: list[str]) -> None:
    from mlskill.apps.mcp import http

    token = os.environ.get(TOKEN, "").strip()
    names = list(options.name)
    if not http.is_loopback(options.host):
        if not token:
            raise MlskillError(f"{options.host} is not the loopback: set {TOKEN} to a secret token")
        if options.host in ("0.0.0.0", "::", ""):  # noqa: S104 - they are refused here
            if not names:
                raise MlskillError("say with --name by which host name clients reach the server")
        else:
            names.append(options.host)
    listening = http.listen(options.host, options.port)
    server = _server(options, paths, "private" if token else "public")
    http.serve(http.application(server, names=names, token=token), listening)


def _stdio(options: argparse.Namespace, paths: list[str]) -> None:
    import anyio
    from mcp.server.lowlevel.server import NotificationOptions
    from mcp.server.stdio import stdio_server

    server = _server(options, paths, "public")
    told = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)

    async def serve() -> None:
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options(told))

    anyio.run(serve)


def _server(
    options: argparse.Namespace, paths: list[str], scope: Literal["public", "private"]
) -> Server[Any]:
    from mlskill.apps.mcp.changes import Changes
    from mlskill.apps.mcp.server import build
    from mlskill.apps.mcp.shelf import Shelf
    from mlskill.searcher.registry import open_index

    shelf = Shelf(paths, open_index(options.index) if options.index else None)
    changes = Changes(shelf, watching=not options.no_watch)
    return build(shelf, changes, scope=scope, single=not options.http)
