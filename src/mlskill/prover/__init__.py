"""prove: every block of a skill's documents run, or checked by the right parser, or says why not.

`plan` says what would run and executes nothing; `prove` EXECUTES THE CODE in the documents. See
`info` for what an info string may say, `mlskill.checkers` for what checks which language.

A line ``# > text`` directly behind a statement claims what was printed since the last claim:

    print(2 + 2)
    # > 4

compared exactly but for white space at the ends of lines; ``...`` as a word of its own stands for
anything. ``#> text`` would be the shorter form, but ruff's formatter rewrites it.

Why own code: pytest-examples finds 2 of 14 shapes of fences and its ``#>`` does not survive ruff;
Sybil runs code in comments and in nested examples; pytest-markdown-docs finds them all, but its
blocks share the test's process and cannot claim output. None isolates a section in a process with
a time limit, and none has a word for "not run, because"; our parser has the fences anyway.
"""

from mlskill.prover.blocks import Program, Task
from mlskill.prover.proof import Outcome, Plan, Proof, summary
from mlskill.prover.proving import plan, prove
from mlskill.prover.runner import Runner

__all__ = ["Outcome", "Plan", "Program", "Proof", "Runner", "Task", "plan", "prove", "summary"]
