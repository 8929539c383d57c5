"""Attacks on whatever reads skills: `cases` makes them, `bounded` lets a stage meet one.

from hostile.bounded import meets
from hostile.cases import CASES, Case

@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_pack(case: Case, tmp_path: Path) -> None:
    meets(lambda path: pack(load(path)), case, tmp_path)
"""
