"""The laws, with inputs that Hypothesis makes of the pieces that the stages know."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.laws import LAWS, seeds

PIECES = r"""
--- ... name: description: metadata: license: allowed-tools: a: b - [ ] { } & * ! | > % @ ` " ' # ##
### > * + - 1. 2) ``` ~~~ ```` ` `` *** === --- [a] (b) ](  ]: ![ [^1] <a <!-- --> <? ?> <![CDATA[
]]> <div> </div> <script> | |-| \| \ & &amp; &#0; &#x; :// mailto: javascript: data: ../ ./ / // #
?x=1 %2e %00 a.md SKILL.md b.txt %%% ** __ ~~ <https://x> http://x \` \[ !!python/object &x *x <<:
~ null yes 0x1 1e9 .inf 2001-01-01 "\u202e" {{ }} {% %} ${x} ::error:: ##vso[ </skill> -->
""".split()  # noqa: SIM905
HIDDEN = [
    "\ufeff",
    "\u200b",
    "\u202e",
    "\u2066",
    "\U000e0041",
    "\u3164",
    "\ufe0f",
    "\u0627",
    "\u200d",
]
HIDDEN += ["\U0001f468", "caf\u00e9", "caf\u00c3\u00a9", "\ud800", "\0", "\x1b[31m", "\x07", "\x85"]
HIDDEN += ["\u2028", "\x0c", "\xa0"]
SPACES = [" ", "\n", "\n\n", "\t", "    ", "\r\n", "\r", "  \n", "\n---\n", "\n%%%\n", ""]

texts = st.lists(
    st.one_of(st.sampled_from(PIECES + HIDDEN), st.sampled_from(SPACES), st.text(max_size=4)),
    max_size=60,
).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))


def _mutated(seed: bytes) -> st.SearchStrategy[bytes]:
    """`seed` with some stretches of it replaced."""
    change = st.tuples(st.integers(0, len(seed)), st.integers(0, 8), st.binary(max_size=6))

    def apply(changes: list[tuple[int, int, bytes]]) -> bytes:
        data = seed
        for at, size, new in changes:
            data = data[:at] + new + data[at + size :]
        return data

    return st.lists(change, max_size=5).map(apply)


inputs = st.one_of(
    texts,
    texts.map(lambda t: b"---\nname: a\n" + t),
    st.binary(max_size=300),
    *map(_mutated, seeds()),
)


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=inputs)
def test_law(law: object, data: bytes) -> None:
    assert callable(law)
    law(data)


@pytest.mark.skipif("MLSKILL_FUZZ" not in os.environ, reason="MLSKILL_FUZZ is not set to seconds")
@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="atheris is not installed")
@pytest.mark.parametrize("name", LAWS)
def test_atheris_finds_nothing(name: str, tmp_path: Path) -> None:
    target = Path(__file__).with_name("target.py")
    time = f"-max_total_time={os.environ['MLSKILL_FUZZ']}"
    done = subprocess.run(
        [sys.executable, target, name, time, "-max_len=4000", "-timeout=20"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
