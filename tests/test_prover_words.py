"""The info string, claimed output, and names in blocks that do not run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.prover.claims import same, segments
from mlskill.prover.info import WORDS, read_info
from mlskill.prover.names import Names

INFOS = [
    ("python", {}),
    ("python needs=gpu,torch", {"needs": ("gpu", "torch")}),
    ("python no-run='a b' raises=ValueError", {"no_run": "a b", "raises": "ValueError"}),
    ("yaml file=conf/a-b.yaml", {"file": "conf/a-b.yaml"}),
    ("python raises=json.JSONDecodeError", {"raises": "json.JSONDecodeError"}),
]


@pytest.mark.parametrize(("info", "wanted"), INFOS)
def test_info_is_read(info: str, wanted: dict[str, object]) -> None:
    got = read_info(info)
    assert got.faults == ()
    assert {name: getattr(got, name) for name in wanted} == wanted


BAD_INFOS = [
    ("python norun", "did you mean no-run?"),
    ("python {linenos=true}", "is no word"),
    ("python title=x", "is no word"),
    ("python =", "is no word"),
    ("python no-run", "wants its reason"),
    ('python no-run=""', "wants its reason"),
    ('python no-run="a b', "is not closed"),
    ('python no-run="a"needs=b', "is not closed"),
    ("python needs=", "wants a value"),
    ("python needs=scikit-learn", "names no module"),
    ("python needs=a needs=b", "twice"),
    ("python raises=1", "names no exception"),
    ("python file=../a.py", "does not lie in"),
    ("python file=/a.py", "does not lie in"),
    ("python file=a//b.py", "does not lie in"),
    (r"python file=a\b.py", "does not lie in"),
]


@pytest.mark.parametrize(("info", "message"), BAD_INFOS)
def test_info_is_refused(info: str, message: str) -> None:
    assert message in " ".join(read_info(info).faults)


@given(st.text(alphabet=st.sampled_from("ab =\"',-/.{}needsruno\u00e9\ud800")))
def test_info_is_understood_or_refused(rest: str) -> None:
    got = read_info("python " + rest)
    assert got.faults or not rest.strip() or any(word + "=" in rest for word in WORDS)


CLAIMS = [
    ("a", "a\n", True),
    ("a", "a  \n\n", True),
    ("a", "b", False),
    ("a", "a\nb", False),
    ("", "", True),
    ("loss ... ok", "loss 0.1 ok", True),
    ("0.1...", "0.123", False),
    ("a\n...\nb", "a\nx\ny\nb", True),
    ("...", "anything\nat all", True),
    ("a ... a", "a", False),
    ("a ... b ... c", "a b b c c", True),
    ("a ... b ... c", "a c b c c x", False),
]


@pytest.mark.parametrize(("claim", "printed", "holds"), CLAIMS)
def test_claim(claim: str, printed: str, holds: bool) -> None:
    assert same(claim, printed) is holds


@given(st.text())
def test_what_is_printed_can_be_claimed(text: str) -> None:
    assert same(text, text)


def test_claims_belong_to_the_statements_before_them() -> None:
    text = 'print(1)\n# > 1\nx = "# > no"\n# a remark\n'
    text += "for i in x:\n    print(i)\n    # > a\n# > b\nx\n"
    got = segments(text, 10, "a.md")
    assert [(part.claim, part.line, len(part.body)) for part in got] == [
        ("1", 11, 1),
        ("a\nb", 16, 2),
        (None, 0, 1),
    ]
    assert got[1].body[1].lineno == 14


@pytest.mark.parametrize(
    ("text", "line"), [("# > 1\nprint(1)\n", 10), ("if 1:\n    print(1)\n    # > 1\n    2\n", 12)]
)
def test_claims_without_a_statement_are_refused(text: str, line: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        segments(text, 10, "a.md")
    assert caught.value.lineno == line


NAMES = [
    ("import json\njson.dumps(1)", []),
    ("import json\njson.dump5(1)", [(2, "json has no dump5")]),
    ("from json import dump5", [(1, "json has no dump5")]),
    ("import xml.nothing", [(1, "import xml.nothing: ")]),
    ("import os.path\nos.path.join(*[1])\nos.path.nojoin", [(3, "os.path has no nojoin")]),
    (
        "from json import JSONDecoder as D\nD.decode5\nD(stric=1)",
        [(2, "D has no"), (3, "D() takes")],
    ),
    ("import textwrap\ntextwrap.dedent(1, 2)", [(2, "takes at most 1 positional")]),
    ("import json\njson = 3\njson.dump5", []),
    ("import json\ndef f(json):\n    return json.dump5", []),
    ("try:\n    import no_such\n    from json import dump5\nexcept ImportError:\n    pass", []),
    ("import no_such\nno_such.x(y=1)", []),
    ("from no_such.a import b\nb(y=1)", []),
    ("import json\njson.dumps(1).nothing", []),
]


@pytest.mark.parametrize(("text", "wanted"), NAMES)
def test_names(text: str, wanted: list[tuple[int, str]]) -> None:
    got = list(Names().faults(text))
    assert [line for line, _ in got] == [line for line, _ in wanted]
    assert all(part in message for (_, message), (_, part) in zip(got, wanted, strict=True))
