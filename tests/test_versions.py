"""The releases on which the tree is proven, in one place that agents see.

`resources/versions.md` is made from what the blocks and pieces import and what is installed:
``pytest tests/test_versions.py --update`` in the environment of `tests/stacks/core.txt`.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from mlskill import load
from mlskill.home import home
from mlskill.prover.blocks import imported

PAGE = Path(home()) / "resources" / "versions.md"
LOCK = Path(__file__).parent / "stacks" / "core.txt"

HEAD = """\
# Versions

Every code block and every piece of this tree ran in CI with these releases (Python 3.11, CPU). \
Where yours is older, read *Changed lately* in the module; where it is newer, do the step's check \
before you rely on it.

| Library | Proven with |
| --- | --- |
"""


def test_versions_are_those_of_the_lock_and_of_the_page(request: pytest.FixtureRequest) -> None:
    if find_spec("torch") is None or find_spec("mlflow") is None:
        pytest.skip("the libraries are not installed: pip install 'mlskill[prove]'")
    skill = load(contents=True)
    texts = [b.text for d in skill.documents for b in d.blocks if b.language == "python"]
    pieces = [asset for asset in skill.assets if asset.path.endswith(".py")]
    texts += [(asset.data or b"").decode() for asset in pieces]
    own = {Path(asset.path).stem for asset in pieces} | set(sys.stdlib_module_names)
    names = {name.partition(".")[0] for text in texts for name in imported(text)} - own
    homes = packages_distributions()
    # Some modules come from several packages (mlflow, mlflow-skinny): the one of its name counts.
    packages = {max(homes[name], key=lambda p: p == name) for name in names & set(homes)}
    found = {package: version(package) for package in packages}
    found.pop("mlskill", None)
    locked = dict(re.findall(r"^([\w.-]+)==([^ \n]+)", LOCK.read_text("utf-8"), re.MULTILINE))
    rows = []
    for name, seen in sorted(found.items(), key=lambda item: item[0].lower()):
        release = seen.partition("+")[0]
        assert locked.get(name.lower().replace("_", "-"), release) == release, name
        rows.append(f"| {name} | {release} |\n")
    text = HEAD + "".join(rows)
    if request.config.getoption("--update"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run  pytest tests/test_versions.py --update"
