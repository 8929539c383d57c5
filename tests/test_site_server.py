"""The server: this machine only, no other name, no file but the site's."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from mlskill.apps.site import Server, watch
from mlskill.errors import MlskillError


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "site"
    (folder / "empty").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>site</h1>")
    (folder / "x.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    found = Server(folder, 0)
    thread = Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield found
    found.close()
    thread.join()


def asked(server: Server, path: str, host: str | None = None, verb: str = "GET") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        connection.putrequest(verb, path, skip_host=True)
        if host != "":
            connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_it_listens_to_this_machine_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_it_serves_the_site_with_a_policy(server: Server) -> None:
    assert asked(server, "/") == (200, "<h1>site</h1>")
    assert asked(server, "/", f"localhost:{server.server_port}")[0] == 200
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/index.html")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1", "127.0.0.1:1", "localhost", ""])
def test_another_name_is_refused(server: Server, host: str) -> None:
    for path in ("/", "/_live"):
        for verb in ("GET", "HEAD"):
            status, text = asked(server, path, host, verb)
            assert status == 421
            assert "<h1>site" not in text


@pytest.mark.parametrize(
    "path",
    ["/../secret", "/..%2fsecret", "/%2e%2e/secret", "//../secret", "/empty/", "/absent", "/a%00b"],
)
def test_nothing_else_is_served(server: Server, path: str) -> None:
    status, text = asked(server, path)
    assert status == 404
    assert "secret" not in text.replace("secret not", "")


@pytest.mark.parametrize("verb", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(server: Server, verb: str) -> None:
    assert asked(server, "/index.html", verb=verb)[0] == 501


def test_open_pages_hear_of_a_change(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    connection.request("GET", "/_live")
    answer = connection.getresponse()
    stop = Event()

    def again() -> None:
        while not stop.wait(0.05):
            server.changed()

    thread = Thread(target=again, daemon=True)
    thread.start()
    assert answer.readline() == b"event: changed\n"
    stop.set()
    thread.join()
    answer.close()
    connection.close()


def test_a_port_that_is_taken(server: Server, tmp_path: Path) -> None:
    with pytest.raises(MlskillError, match="try --port 0"):
        Server(tmp_path, server.server_port)


def test_watch_builds_for_the_skill_and_not_for_what_is_built(tmp_path: Path) -> None:
    pytest.importorskip("watchfiles")
    built = tmp_path / "out"
    built.mkdir()
    done, stop = Event(), Event()
    thread = Thread(target=watch, args=([str(tmp_path)], built, done.set, stop), daemon=True)
    thread.start()
    try:
        stop.wait(1)  # until it watches
        (built / "index.html").write_text("x")
        (tmp_path / ".git").mkdir()
        assert not done.wait(2)
        (tmp_path / "SKILL.md").write_text("x")
        assert done.wait(20)
    finally:
        stop.set()
        thread.join(20)
