"""check: the same reports from the cache and from other processes as from the library itself."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mlskill
from mlskill import runner
from mlskill.apps.cli import progress
from mlskill.errors import WorkerLostError
from mlskill.model import LIMITS, Finding, Report
from mlskill.reader import discover, read
from mlskill.reports import merge
from mlskill.runner import Cache, Checks, check, job, key, store, workers

POSIX = pytest.mark.skipif(os.name != "posix", reason="owners and signals are those of POSIX")

FILES = {
    "a/SKILL.md": "---\nname: a\ndescription: A.\nversion: 1\n---\n[b](b.md) [c](missing.md#x)\n",
    "a/b.md": "# B\n\ncaf\u00c3\u00a9 \u202e[x](#no)\n",
    "a/data.csv": "1,2\n",
    "a/skills/inner/SKILL.md": "no frontmatter",
    "b/SKILL.md": "---\nname: c\n---\n",
    "c/skill.md": "---\nname: c\ndescription: C.\n---\n```\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        file = tmp_path / "tree" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return tmp_path / "tree"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    made = Cache.at(str(tmp_path / "cache"))
    assert made is not None
    return made


@pytest.fixture
def only_kept(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbid() -> None:
        def made(*_: object) -> Report:
            raise AssertionError("made anew")

        monkeypatch.setattr(job, "_made", made)

    return forbid


def directly(path: Path) -> Report:
    """What the library says without this unit."""
    return merge(mlskill.validate(mlskill.load(root)) for root in discover(path))


def test_kept_reports_are_those_of_the_library(
    tree: Path, cache: Cache, only_kept: Callable[[], None]
) -> None:
    wanted = directly(tree)
    assert wanted.findings
    assert merge(check([tree])) == wanted
    assert merge(check([tree], cache=cache)) == wanted
    only_kept()
    assert merge(check([tree], cache=cache)) == wanted


@pytest.mark.parametrize("where", [".", "a", "a/SKILL.md", "../tree"])
def test_paths_are_as_the_caller_names_them(
    where: str, tree: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    list(check([tree.absolute()], cache=cache))
    found = merge(check([where], cache=cache)).findings
    assert found == directly(Path(where)).findings
    assert all(Path(finding.path).exists() for finding in found)


def test_a_tree_that_was_moved_is_known(
    tree: Path, cache: Cache, only_kept: Callable[[], None]
) -> None:
    list(check([tree], cache=cache))
    only_kept()
    moved = tree.rename(tree.with_name("elsewhere"))
    assert str(moved) in merge(check([moved], cache=cache)).findings[0].path


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda root: (root / name).write_text(text)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a byte of SKILL.md": _write("a/SKILL.md", FILES["a/SKILL.md"].replace("A.", "B.")),
    "a byte of a page": _write("a/b.md", "# C"),
    "the size of another file": _write("a/data.csv", "1,2,3\n"),
    "a new file": _write("a/missing.md", ""),
    "a file's name": lambda root: (root / "a/b.md").rename(root / "a/c.md"),
    "an empty folder": lambda root: (root / "a/empty").mkdir(),
    "the skill's folder": lambda root: (root / "a").rename(root / "d"),
    "a nested skill": _write("a/skills/inner/SKILL.md", "---\nname: inner\n---\n"),
    "a pipe": lambda root: os.mkfifo(root / "a/pipe"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_a_skill_changes_its_key(
    change: Callable[[Path], object], tree: Path
) -> None:
    def keys() -> set[str]:
        bare = (replace(read(root), root="") for root in discover(tree))
        return {key.key(replace(s, location=s.location[-20:])) for s in bare}

    before = keys()
    change(tree)
    assert len(before - keys()) == 1


def test_what_is_asked_and_who_answers_are_part_of_the_key(tree: Path) -> None:
    sources = read(tree / "a")
    others = [
        (Checks(), LIMITS, "code"),
        (Checks("spec"), LIMITS, "code"),
        (Checks(select=("links",)), LIMITS, "code"),
        (Checks(), replace(LIMITS, lines=9), "code"),
        (Checks(), LIMITS, "other code"),
    ]
    assert len({key.key(sources, *other) for other in others}) == len(others)


def test_the_code_is_the_files_of_the_package_and_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key.code()
    assert key.code() == before
    (tmp_path / "markdown_it_py-9.0.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert key.code() != before


def _all(cache: Cache) -> list[Path]:
    return [path for path in Path(cache.folder).rglob("*") if not path.is_dir()]


def _replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


SPOILT: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "a bit": lambda path: path.write_bytes(path.read_bytes().replace(b"warning", b"warninG")),
    "no JSON": lambda path: path.write_bytes(b"\x80\x04\x95" + path.read_bytes()),
    "large": lambda path: path.write_bytes(b" " * (1 << 20)),
    "a folder": lambda path: _replaced(path, lambda p: p.mkdir()),
    "a pipe": lambda path: _replaced(path, os.mkfifo),
    "a link": lambda path: _replaced(path, lambda p: p.symlink_to("/dev/zero")),
    "unreadable": lambda path: path.chmod(0),
}


@POSIX
@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_spoilt_entry_is_as_if_it_were_not_there(
    spoil: Callable[[Path], object], tree: Path, cache: Cache
) -> None:
    wanted = merge(check([tree], cache=cache))
    for path in _all(cache):
        spoil(path)
    assert merge(check([tree], cache=cache)) == wanted


def test_an_entry_under_another_name_is_not_taken(tree: Path, cache: Cache) -> None:
    wanted = merge(check([tree], cache=cache))
    paths = _all(cache)
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    assert merge(check([tree], cache=cache)) == wanted


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_to_is_no_cache(mode: int, tmp_path: Path) -> None:
    tmp_path.chmod(mode)
    assert Cache.at(str(tmp_path)) is None


@pytest.mark.parametrize("where", ["", "/dev/null", "/dev/null/below", "\0", "/proc/none"])
def test_where_no_folder_can_be_there_is_no_cache(where: str, tree: Path) -> None:
    cache = Cache.at(where or str(tree / "a/b.md"))
    assert cache is None
    assert merge(check([tree], cache=cache)) == directly(tree)


def test_a_cache_that_vanishes_while_it_is_used(tree: Path) -> None:
    assert merge(check([tree], cache=Cache(str(tree / "gone")))) == directly(tree)


def test_old_entries_make_room_for_new(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_SHARD", 3000)
    for number in range(100):
        cache.put(f"ab{number:03}", Report(skills=number))
    assert sum(path.stat().st_size for path in _all(cache)) <= 3000
    assert cache.get("ab099") == Report(skills=99)
    assert cache.get("ab000") is None


texts = st.text(st.characters(), max_size=20)  # lone surrogates among them
numbers = st.integers(0, 1 << 40)
findings = st.builds(
    Finding,
    texts, st.sampled_from(["error", "warning", "advice"]), texts,
    numbers, numbers, numbers, numbers, texts, texts,
)  # fmt: skip
reports = st.builds(Report, st.lists(findings).map(tuple), numbers, numbers, st.booleans())


@given(reports)
def test_any_report_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, report: Report
) -> None:
    cache = Cache(str(tmp_path_factory.getbasetemp()))
    cache.put("law", report)
    assert cache.get("law") == report


def test_many_runs_share_a_cache(tree: Path, cache: Cache) -> None:
    code = (
        "import sys, mlskill; from mlskill.runner import Cache, check\n"
        "for _ in range(20): print(mlskill.merge(check(sys.argv[1:2], cache=Cache(sys.argv[2]))))"
    )
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code, tree, cache.folder], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    outputs = {run.communicate(timeout=120)[0] for run in runs}
    assert outputs == {f"{directly(tree)}\n" * 20}


@pytest.fixture
def many(tmp_path: Path) -> Path:
    for number in range(60):
        folder = tmp_path / "many" / f"s{number:02}"
        folder.mkdir(parents=True)
        text = f"---\nname: s{number:02}\ndescription: d\n---\n[x](no{number}.md)\n"
        (folder / "SKILL.md").write_text(text)
    return tmp_path / "many"


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are copies of this one, with what was patched in it, whatever runs beside it."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this platform does not copy processes")
    context = multiprocessing.get_context("fork")
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: context)
    monkeypatch.setattr(runner, "_ALONE", 0.0)


def test_processes_keep_the_order(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_ALONE", 0.0)
    alone = [*check([many, many])]
    assert [*check([many, many], jobs=3)] == alone
    assert len(alone) == 120


COPIES = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


@COPIES
@pytest.mark.usefixtures("copied")
def test_a_process_that_dies_is_an_error_that_says_where(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "inspect", lambda *_: os._exit(9))
    with pytest.raises(WorkerLostError, match=r"s0\d and .*--jobs 1"):
        list(check([many], jobs=2))


@COPIES
@pytest.mark.usefixtures("copied")
def test_a_skill_that_is_gone_meanwhile_is_an_error(
    many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: str, _: object) -> Report:
        raise mlskill.MissingPathError(path)

    monkeypatch.setattr(workers, "inspect", gone)
    with pytest.raises(mlskill.NotASkillError, match=r"s01: no such file or folder$"):
        list(check([many], jobs=2))


def test_whoever_stops_early_leaves_no_process(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_ALONE", 0.0)
    stream = check([many], jobs=2)
    for _ in range(5):
        next(stream)
    stream.close()
    # Loky keeps workers that other tests have started.
    assert not [p for p in multiprocessing.active_children() if "Loky" not in p.name]


SLOW = r"""
import os, sys, time
from mlskill import runner
from mlskill.runner import job, workers
runner._ALONE = 0.0
def slow(path, _):
    os.write(1, b"working\n")
    time.sleep(60)
workers.inspect = slow
from mlskill.apps.cli import run
sys.exit(run(["validate", "--jobs", "2", sys.argv[1]]))
"""


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@POSIX
@pytest.mark.parametrize("way", ["group", "parent", "kill"])
def test_an_interrupt_ends_all_processes_without_a_word(way: str, many: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", SLOW, many],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "working\n"
    send = os.killpg if way == "group" else os.kill
    send(run.pid, signal.SIGKILL if way == "kill" else signal.SIGINT)
    _, words = run.communicate(timeout=30)
    assert words == ""
    assert run.returncode == (-signal.SIGKILL if way == "kill" else 130)
    until = time.monotonic() + 20
    while _alive(run.pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not _alive(run.pid)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "patience", "shown"),
    [(Terminal(), 0.0, True), (Terminal(), 60.0, False), (io.StringIO(), 0.0, False)],
)
def test_progress_is_shown_on_a_terminal_when_it_takes_long(
    stream: io.StringIO, patience: float, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "_PATIENCE", patience)
    monkeypatch.setattr(progress, "_PAUSE", 0.0)
    reports = [Report(skills=1), Report(skills=2)]
    assert [*progress.watched(iter(reports))] == reports
    wanted = "\r1 skills checked\r3 skills checked\r\x1b[K" if shown else ""
    assert stream.getvalue() == wanted


@pytest.mark.parametrize(
    ("name", "environment", "wanted"),
    [
        ("linux", {"HOME": "/h"}, "/h/.cache/mlskill"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/mlskill"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "rel"}, "/h/.cache/mlskill"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/mlskill"),
        ("linux", {"HOME": "/h", "MLSKILL_CACHE_DIR": "/m"}, "/m"),
        ("linux", {"HOME": ""}, None),
    ],
)
@POSIX
def test_the_cache_is_where_the_platform_keeps_caches(
    name: str, environment: dict[str, str], wanted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("XDG_CACHE_HOME", "MLSKILL_CACHE_DIR"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", name)
    assert store.cache_folder() == wanted


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("no home")

    monkeypatch.delenv("MLSKILL_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert Cache.at(store.cache_folder()) is None
    assert Cache.at("") is None


def test_the_command_uses_the_cache_unless_told_not_to(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mlskill.apps.cli import run

    monkeypatch.setenv("MLSKILL_CACHE_DIR", str(tmp_path / "kept"))
    assert run(["validate", "--no-cache", str(tree)]) == 1
    assert not (tmp_path / "kept").exists()
    capsys.readouterr()
    outputs = [(run(["validate", str(tree)]), capsys.readouterr().out) for _ in range(2)]
    assert outputs[0] == outputs[1]
    assert _all(Cache(str(tmp_path / "kept")))
