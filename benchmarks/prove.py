"""Seconds for programs that import torch, scikit-learn and pandas: forked beside spawned.

    python benchmarks/prove.py [FORKED [SPAWNED]]     how many of each; 100 and 6 unless told

Needs the libraries of the extra ``prove``. Both arms run the same sections with as many workers.
"""

from __future__ import annotations

import sys

from mlskill import loads
from mlskill.model import Skill
from mlskill.prover import Runner, plan, prove

SECTION = """
## s{0}
```python
import pandas as pd
import torch
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

x, y = make_classification(random_state={0})
frame = pd.DataFrame(x)
model = LogisticRegression().fit(frame, y)
weight = torch.zeros(20, dtype=torch.float64, requires_grad=True)
((torch.tensor(x) @ weight - torch.tensor(y)) ** 2).mean().backward()
print(model.score(frame, y) > 0.5, weight.grad.shape[0])
# > True 20
```
"""


def made(count: int) -> Skill:
    """A skill of `count` sections."""
    body = "".join(SECTION.format(number) for number in range(count))
    return loads({"SKILL.md": f"---\nname: bench\ndescription: d\n---\n{body}"})


def seconds(count: int, *, fork: bool) -> float:
    """Wall seconds for `count` programs, the server's start and its imports counted in."""
    skill = made(count)
    with Runner(preload=plan(skill).preload, fork=fork) as runner:
        proof = prove(skill, runner=runner, timeout=300)
        print(f"{'forked' if fork else 'spawned'}, {runner.workers} workers: ", end="")
    if proof.findings:
        raise SystemExit(f"a program failed: {proof.findings[0].message}")
    print(f"{count} programs in {proof.seconds:.1f} s, {proof.seconds / count:.3f} s each")
    return proof.seconds


if __name__ == "__main__":
    counts = [int(word) for word in sys.argv[1:]]
    forked, spawned = (counts + [100, 6][len(counts) :])[:2]
    ratio = (seconds(spawned, fork=False) / spawned) / (seconds(forked, fork=True) / forked)
    print(f"a fresh interpreter takes {ratio:.0f} times as long")
