"""server: the files of one folder, over HTTP, for the browser of this machine.

It listens on the loopback address only and answers only requests that name it: a page of another
site, whose name was made to lead to 127.0.0.1, reads nothing here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from mlskill.errors import MlskillError

HOSTS = ("127.0.0.1", "localhost")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_BEAT = 15.0
"""Seconds after which a waiting page is told that the server still lives."""


class Server(ThreadingHTTPServer):
    """Serves `folder` at `address`; `changed` makes every open page read itself again."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, folder: Path, port: int) -> None:
        try:
            super().__init__((HOSTS[0], port), partial(_Handler, directory=str(folder)))
        except OSError as error:
            raise MlskillError(
                f"port {port} of this machine cannot be used: {error.strerror}; try --port 0"
            ) from None
        self.version = 0
        self.news = threading.Condition()
        self.closing = False

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{HOSTS[0]}:{self.server_port}/"

    def changed(self) -> None:
        """Tell every open page that the site was built again."""
        with self.news:
            self.version += 1
            self.news.notify_all()

    def close(self) -> None:
        """Stop, and let go of the pages that wait."""
        with self.news:
            self.closing = True
            self.news.notify_all()
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that was closed while it was sent is no fault of ours."""


class _Handler(SimpleHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 60
    extensions_map = {  # noqa: RUF012  (the library's own shape)
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".jpg": "image/jpeg",
        ".jpeg": "image/jpeg",
        ".gif": "image/gif",
        ".webp": "image/webp",
        ".avif": "image/avif",
        "": "application/octet-stream",
    }

    def do_GET(self) -> None:
        if not self._known():
            return
        if self.path == "/_live":
            self._live()
        else:
            self._send(super().do_GET)

    def do_HEAD(self) -> None:
        if self._known():
            self._send(super().do_HEAD)

    def _send(self, send: Callable[[], None]) -> None:
        try:
            send()
        except ValueError:  # a name that no file can have
            self.send_error(404)

    def list_directory(self, path: Any) -> None:
        """A folder without a page shows nothing."""
        self.send_error(404)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """A terminal is no place for what a browser asks."""

    def _known(self) -> bool:
        """Whether the request names this server; if not, it is refused."""
        host, _, port = self.headers.get("Host", "").partition(":")
        if host in HOSTS and port == str(self.server.server_port):
            return True
        self.close_connection = True
        self.send_error(421, "This server answers only to 127.0.0.1 and localhost")
        return False

    def _live(self) -> None:
        """Wait for news for as long as the page is open."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        server, seen = self.server, self.server.version
        try:
            while not server.closing:
                with server.news:
                    server.news.wait(_BEAT)
                event = b": here\n\n" if server.version == seen else b"event: changed\ndata:\n\n"
                seen = server.version
                self.wfile.write(event)
                self.wfile.flush()
        except OSError:
            return
