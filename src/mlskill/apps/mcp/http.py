"""HTTP: streamable HTTP at ``/mcp``, for whoever may ask.

No request is a part of a session, so any copy of the server behind a load balancer answers it. Who
listens on more than the loopback must have a token, and say by which names it is reached: a page
in somebody's browser that points a name of its own at the server has neither.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel.server import Server
from mcp.server.transport_security import TransportSecuritySettings
from starlette.responses import PlainTextResponse

from mlskill.errors import MlskillError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"
"""Where the server answers."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names by which only this machine can mean itself."""


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "0.0.0.0", "example.org")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def application(server: Server[Any], *, names: Sequence[str] = (), token: str = "") -> ASGIApp:
    """`server` as an ASGI application that is reached by `names` beside those of the loopback."""
    known = [*LOOPBACK, *map(_bracketed, names)]
    security = TransportSecuritySettings(
        allowed_hosts=[host for name in known for host in (name, f"{name}:*")],
        allowed_origins=[
            origin
            for name in known
            for scheme in ("http", "https")
            for origin in (f"{scheme}://{name}", f"{scheme}://{name}:*")
        ],
    )
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        transport_security=security,
    )
    return Guard(app, token) if token else app


class Guard:
    """Lets only those ask `app` who know the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._wanted = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            given = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
            if not hmac.compare_digest(given, self._wanted):
                refused = PlainTextResponse(
                    "A token is needed: Authorization: Bearer TOKEN\n",
                    401,
                    {"WWW-Authenticate": "Bearer"},
                )
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; raises `MlskillError` where none can."""
    if not 0 <= port < 1 << 16:  # the system would take what is left of a division
        raise MlskillError(f"cannot listen on {host} port {port}: ports end at 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, protocol, _, address = found[0]
        # Only where the protocol is named does asyncio send small answers without delay.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(1024)
    except (OSError, OverflowError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MlskillError(f"cannot listen on {host} port {port}: {reason}") from None
    return listening


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Answer until the process is told to end."""
    import uvicorn

    host, port = listening.getsockname()[:2]
    print(f"mlskill: http://{_bracketed(host)}:{port}{PATH}", file=sys.stderr, flush=True)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
