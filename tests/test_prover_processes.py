"""A program harms nobody and leaves nothing behind; what is shared before it forks."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlskill.errors import UnknownNameError
from mlskill.loader import loads
from mlskill.model import Skill
from mlskill.prover import Runner, plan, prove
from mlskill.prover import runner as runner_module

HEAD = "---\nname: made-up\ndescription: d\n---\n"


def skill(body: str) -> Skill:
    return loads({"SKILL.md": HEAD + body})


def fence(text: str, info: str = "python") -> str:
    return f"```{info}\n{text.strip()}\n```\n"


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    with Runner(workers=2) as shared:
        yield shared


def test_planning_executes_nothing(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    made = skill("# T\n" + fence(f"open({str(mark)!r}, 'w')"))
    told = str(plan(made))
    assert told.startswith("would execute 1 blocks in 1 programs, with 0 files")
    assert "SKILL.md#t: 1 blocks" in told
    assert not mark.exists()
    prove(made)
    assert mark.exists()


def test_only_what_is_named(runner: Runner) -> None:
    made = skill("## a\n" + fence("1") + "## b\n" + fence("2"))
    assert [p.name for p in plan(made, only=["SKILL.md#b"]).programs] == ["SKILL.md#b"]
    assert len(plan(made, only=["SKILL.md"]).programs) == 2
    assert [p.name for p in plan(made, only="#a").programs] == ["SKILL.md#a"]
    with pytest.raises(UnknownNameError, match="no section with blocks 'nothing'"):
        plan(made, only="nothing")
    with pytest.raises(UnknownNameError, match=r"did you mean SKILL\.md#a"):
        prove(made, only=["SKILL.md", "SKILL.md#aa"], runner=runner)


def test_environment_is_scrubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    text = fence(
        "import os, tempfile\nassert 'SECRET_TOKEN' not in os.environ\n"
        "print(os.environ['OMP_NUM_THREADS'], os.environ['MPLBACKEND'])\n# > 1 Agg\n"
        f"assert os.path.expanduser('~') != {str(Path.home())!r}\n"
        "assert tempfile.gettempdir().startswith(os.path.dirname(os.getcwd()))"
    )
    (outcome,) = prove(skill("# T\n" + text)).outcomes
    assert outcome.message == ""


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("ends", ["time.sleep(1000)", "os._exit(3)", "1 / 0"])
def test_nothing_is_left_alive(ends: str, runner: Runner, tmp_path: Path) -> None:
    told = tmp_path / "pids"
    text = fence(
        f"""
import os, signal, subprocess, sys, time
for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(s, signal.SIG_IGN)
sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
child = subprocess.Popen(sleep)
own = subprocess.Popen(sleep, start_new_session=True)
r, w = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:  # a daemon of the old school
        os.write(w, str(os.getpid()).encode())
        time.sleep(1000)
    os._exit(0)
daemon = os.read(r, 20).decode()
with open({str(told)!r}, "w") as file:
    print(os.getpid(), child.pid, own.pid, daemon, file=file)
{ends}
"""
    )
    (outcome,) = prove(skill("# T\n" + text), timeout=4, runner=runner).outcomes
    assert outcome.rule
    pids = [int(word) for word in told.read_text().split()]
    assert len(pids) == 4
    assert [pid for pid in pids if alive(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="supervision as on Linux")
def test_a_program_that_kills_its_keepers_harms_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "GRACE", 1.0)
    kill = "import os, signal\n{}\nos.kill({}, signal.SIGKILL)\nimport time; time.sleep(1000)"
    parent = "pid = os.getppid()"
    server = "pid = int(open(f'/proc/{os.getppid()}/stat').read().rpartition(')')[2].split()[1])"
    text = "".join(
        f"## s{i}\n" + fence(block)
        for i, block in enumerate(
            (kill.format(parent, "pid"), "print(1)", kill.format(server, "pid"), "print(1)")
        )
    )
    with Runner(workers=1) as one:
        got = prove(skill(text), timeout=3, runner=one)
    assert [o.status for o in got.outcomes] == ["failed", "ran", "failed", "ran"]


def test_nothing_is_left_on_disk() -> None:
    with Runner() as one:
        prove(skill("# T\n" + fence("open('a', 'w')")), runner=one)
        assert [p.name for p in one.root.iterdir() if p.name.isdigit()] == []
    assert not one.root.exists()


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of made-up modules that programs can import."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), *sys.path)))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "calm_one.py").write_text("import os\nPID = os.getpid()\n")
    (tmp_path / "threaded_one.py").write_text(
        "import os, threading, time\nPID = os.getpid()\n"
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n"
    )
    (tmp_path / "broken_one.py").write_text("1 / 0")
    (tmp_path / "deadly_one.py").write_text("import os\nos._exit(1)")
    return tmp_path


def test_what_a_fork_would_break_is_not_preloaded(modules: Path) -> None:
    names = ["broken_one", "calm_one", "no_such_module", "threaded_one"]
    shown = "import os, {0}\nprint({0}.PID == os.getpid())\n# > {1}"
    text = f"## a\n{fence(shown.format('calm_one', False))}## b\n" + fence(
        shown.format("threaded_one", True)
    )
    with Runner(preload=names) as one:
        got = prove(skill(text), runner=one)
        assert one.preload == ("broken_one", "calm_one")
    assert [o.message for o in got.outcomes] == ["", ""]


def test_a_preloaded_module_that_ends_the_server_is_dropped(modules: Path) -> None:
    got = prove(skill("# T\n" + fence("print(1)\n# > 1")), preload=["deadly_one"])
    assert [o.status for o in got.outcomes] == ["ran"]


def test_only_what_is_shared_and_safe_is_preloaded() -> None:
    blocks = ["import json, torch.nn", "from torch.nn import Linear", "import polars, pandas"]
    made = skill("".join(f"## s{i}\n{fence(b)}" for i, b in enumerate([*blocks, "import polars"])))
    assert plan(made).preload == ("torch.nn",)
    assert "json" not in plan(made).missing


def test_what_a_piece_imports_is_missing_too() -> None:
    text = HEAD + "# T\n[p](p.py) [q](q.py)\n" + fence("import json, p, no_such_a.b")
    piece = "import q, no_such_b\ntry:\n    import no_such_c\nexcept ImportError: ..."
    made = loads({"SKILL.md": text, "p.py": piece, "q.py": "import no_such_d, p", "r.py": "x ="})
    assert plan(made).missing == ("no_such_a", "no_such_b", "no_such_d")


def test_chance_is_not_inherited() -> None:
    pytest.importorskip("numpy")
    text = fence("import numpy\nprint(numpy.random.rand())\n# > 0")
    made = skill("".join(f"## s{i}\n{text}" for i in range(2)))
    with Runner(preload=["numpy"]) as one:
        first, second = prove(made, runner=one).outcomes
    assert first.rule == "block-output"
    assert first.detail != second.detail


def test_a_hundred_programs_share_the_workers(runner: Runner) -> None:
    text = "".join(f"## s{i}\n" + fence(f"print({i})\n# > {i}") for i in range(100))
    started = time.monotonic()
    got = prove(skill(text), runner=runner)
    assert got.counts == {"ran": 100}
    assert time.monotonic() - started < 60  # a guard against hanging, not a measure
