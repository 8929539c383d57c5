"""The faults `backfill` exists for, put in on purpose: above all a kill at every single step."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PIECES = Path(__file__).parents[2] / "resources" / "pieces"

pytest.importorskip("fcntl")
from backfill import backfill, files, prune  # noqa: E402

DAYS = ["2026-01-01", "2026-01-02", "2026-01-03"]

# Kills itself before the n-th call that changes the disk; prints how many there were.
CHILD = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
import backfill
from pathlib import Path
left = int(sys.argv[4])
def counted(call):
    def wrapped(*arguments):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments)
    return wrapped
os.replace, os.fsync = counted(os.replace), counted(os.fsync)
code = sys.argv[3]
def build(part):
    print("built", part, flush=True)
    return f"{part} by {code}".encode() * 50
backfill.backfill(Path(sys.argv[2]), sys.argv[5:], build, code, lambda part: "same")
print("steps", -left, flush=True)
"""


def child(folder, code, kill=0):
    command = [sys.executable, "-c", CHILD, str(PIECES), str(folder), code, str(kill), *DAYS]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def shown(folder):
    return {part: path.read_text() for part, path in files(folder).items()}


def run(folder, made="x", parts=DAYS, code="1", fingerprint=lambda part: "same", **options):
    def build(part):
        return f"{part} {made}".encode()

    return backfill(folder, parts, build, code, fingerprint, **options)


def test_a_kill_at_every_step_loses_nothing_and_shows_no_half(tmp_path):
    whole = tmp_path / "whole"
    child(whole, "1")
    shutil.copytree(whole, tmp_path / "start")
    before = shown(whole)
    steps = int(child(whole, "2").stdout.split()[-1])
    after = shown(whole)
    assert before.keys() == after.keys() == set(DAYS)
    assert before != after
    for kill in range(1, steps + 1):
        folder = tmp_path / str(kill)
        shutil.copytree(tmp_path / "start", folder)
        killed = child(folder, "2", kill)
        assert killed.returncode == -signal.SIGKILL
        assert shown(folder) in (before, after), "a reader saw a mixture"
        again = child(folder, "2")
        assert again.returncode == 0, again.stderr
        assert shown(folder) == after
        built = killed.stdout.count("built") + again.stdout.count("built")
        assert built <= len(DAYS) + 1, "finished parts were built again"
        assert not list(folder.glob("*/*.part"))
    assert steps >= 20


def test_only_what_changed_is_built_again(tmp_path):
    first = run(tmp_path)
    assert (first.built, first.kept) == (tuple(DAYS), ())
    assert run(tmp_path) == type(first)(first.version, (), tuple(DAYS))
    late = run(tmp_path, "late row", fingerprint=lambda part: "new" if part == DAYS[1] else "same")
    assert late.built == (DAYS[1],)
    assert late.version != first.version
    assert run(tmp_path, code="2").built == tuple(DAYS)
    assert shown(tmp_path) == {day: f"{day} x" for day in DAYS}


def test_an_old_version_stays_readable_until_it_is_pruned(tmp_path):
    first = run(tmp_path)
    second = run(tmp_path, "y", code="2")
    third = run(tmp_path, "z", code="3")
    assert {path.read_text() for path in files(tmp_path, first.version).values()} == {
        f"{day} x" for day in DAYS
    }
    assert prune(tmp_path, keep=[second.version]) == [first.version]
    with pytest.raises(FileNotFoundError):
        files(tmp_path, first.version)
    assert len(files(tmp_path, second.version)) == len(files(tmp_path, third.version)) == 3
    assert not any(" x" in path.read_text() for path in (tmp_path / "data").iterdir())


def test_a_part_that_is_gone_is_gone(tmp_path):
    run(tmp_path)
    run(tmp_path, parts=DAYS[1:])
    assert shown(tmp_path).keys() == set(DAYS[1:])


def test_lost_data_is_built_again_and_damaged_data_is_noticed(tmp_path):
    run(tmp_path)
    path = files(tmp_path)[DAYS[0]]
    path.write_text("flipped")
    with pytest.raises(OSError, match="damaged"):
        files(tmp_path)
    path.unlink()
    assert run(tmp_path).built == (DAYS[0],)


def test_two_at_once_are_refused(tmp_path):
    def build(part):
        run(tmp_path)
        return b""

    with pytest.raises(BlockingIOError):
        backfill(tmp_path, DAYS, build, "1", str)
    assert run(tmp_path).built == tuple(DAYS)


def test_inputs_that_change_while_they_are_read_are_noticed(tmp_path):
    states = iter(range(100))
    with pytest.raises(RuntimeError, match="changed while they were read"):
        run(tmp_path, fingerprint=lambda part: str(next(states)))
    assert not (tmp_path / "current").exists()


def test_a_build_that_is_not_deterministic_is_noticed(tmp_path):
    run(tmp_path, "monday")
    assert run(tmp_path, "monday", again=DAYS).built == tuple(DAYS)
    with pytest.raises(RuntimeError, match="differently"):
        run(tmp_path, "tuesday", again=DAYS[:1])


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden"])
def test_a_part_is_a_file_name(tmp_path, name):
    with pytest.raises(ValueError, match="no file name"):
        run(tmp_path, parts=[name])


def test_without_a_fingerprint_a_part_is_built_once(tmp_path):
    asked = []

    def build(part):
        asked.append(part)
        return part.encode()

    first = backfill(tmp_path, DAYS, build)
    assert backfill(tmp_path, DAYS, build).version == first.version
    assert asked == DAYS
    assert backfill(tmp_path, DAYS, build, code="2").built == tuple(DAYS)
