"""``python -m mlskill.prover [--plan] PATH [SECTION…]``: prove a skill. EXECUTES its code."""

import sys

from mlskill.loader import load
from mlskill.prover import plan, prove, summary

if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--plan"]
    skill = load(words[0], contents=True)
    only = words[1:] or None
    if len(words) < len(sys.argv) - 1:
        sys.stdout.write(str(plan(skill, only=only)))
    else:
        proof = prove(skill, only=only)
        for outcome in proof.outcomes:
            if outcome.rule and outcome.detail:
                sys.stdout.write(f"{outcome.place}: {outcome.status}\n{outcome.detail}\n")
        sys.stdout.write(summary(proof))
        sys.exit(proof.report.exit_code)
