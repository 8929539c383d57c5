# ruff: noqa: E501 - a case is a line
"""Rules at their edges: what must be found, what must not, with the place of each in ⟦brackets⟧."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

from mlskill.errors import UnknownNameError
from mlskill.loader import loads
from mlskill.model import Place, Skill, Source
from mlskill.rules import RULES, Profile, choose
from mlskill.rules.once import once
from mlskill.validator import validate

HEAD = "---\nname: pdf-tools\ndescription: Reads PDF files.\n---\n\n"
FLAG = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

# rule, the text of SKILL.md (or all of it, from its frontmatter on), and other files
ESCAPED = '---\nname: pdf-tools\ndescription: ⟦"Use {} it"⟧\n---\nText.\n'
CASES: list[tuple[str, str, dict[str, str]]] = [
    # secrets: keys that are real, and those that show how one looks
    ("secret-key", "⟦AKIA" + "QYLPMN5HHHFPZAM2⟧ and AKIAIOSFODNN7EXAMPLE", {}),
    ("secret-key", "AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX AIzaSyA1B2C3D4E5F6G7H8I9J0K1L2M3N4O5P6Q", {}),
    ("secret-key", "x\n-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----", {}),
    ("secret-key", "x\n-----BEGIN RSA PRIVATE KEY-----\n<base64>\n", {}),
    ("secret-key", f"x\n⟦-----BEGIN EC PRIVATE KEY-----⟧\n{'mFq9' * 16}\n", {}),
    ("secret-key", "ghp_short, task-sk-proj-x, https://x.y/hf_transfer, npm_config_registry", {}),
    ("secret-key", "x_ghp_Qm7RtZ2vLw9KxYc4PnHs8BdJf3GgUa6TeVo5", {}),
    # links: there or not there
    ("link-target-missing", "⟦[a](b.md)⟧ and ⟦![c](d.png)⟧", {}),
    ("link-target-missing", "[a](b.md) [b](./b.md) [c](b.md#b) [d](b.md?plain=1#L3)", {"b.md": "# B"}),
    ("link-target-missing", "[a](b%20c.md) ⟦[b](b%20d.md)⟧", {"b c.md": ""}),
    ("link-target-missing", "[a](100%25.md) [b](a%20b.txt)", {"100%.md": "", "a%20b.txt": ""}),
    ("link-target-missing", "⟦[a](B.md)⟧ [b](b.md)", {"b.md": ""}),
    ("link-target-missing", "`[a](b.md)`\n\n```\n[a](b.md)\n```\n\n    [a](b.md)\n", {}),
    ("link-target-missing", "[a](references) [b](references/) [c](.)", {"references/b.md": ""}),
    ("link-target-missing", "⟦[a][r]⟧, [b][r]\n\n[r]: b.md", {}),
    ("link-target-missing", '⟦<img src="x.png">⟧ <a href="b.md">b</a>', {"b.md": ""}),
    ("link-target-missing", "[a](https://b.c/d.md) [c](mailto:a@b.c) <https://b.c>", {}),
    ("link-target-missing", "[a](<{{name}}.md>) [b](${x}.md) [c](x/*.md) [d](...)", {}),
    ("link-target-missing", "[a]({baseDir}/b.md) ⟦[c]({baseDir}/c.md)⟧", {"b.md": ""}),
    ("link-target-missing", "[t](assets/t.md)", {"assets/t.md": "[a](b.md) [c](../../d.md)"}),
    ("link-target-missing", "[a](r/a.md) [b](r/b.md)", {"r/a.md": "[x](r/b.md) ⟦[y](r/c.md)⟧", "r/b.md": ""}),
    # links: anchors
    ("link-anchor-missing", "[a](#b) [b](#B) ⟦[c](#c)⟧\n\n## B\n", {}),
    ("link-anchor-missing", "[a](#user-content-b) [b](#top) [up](#) [d](#fn-1)\n\n## B\n", {}),
    ("link-anchor-missing", "[a](b.md#c) ⟦[b](b.md#d)⟧", {"b.md": "# C"}),
    ("link-anchor-missing", "[a](b.py#L10) [b](b.py#main)", {"b.py": ""}),
    ("link-anchor-missing", '<a id="q"></a>\n\n[a](#q) [b](#x)\n\n## Y {#x}\n', {}),
    ("link-anchor-missing", "[a](#über-uns) [b](#%C3%BCber-uns)\n\n## Über uns\n", {}),
    # links: out of the skill
    ("link-leaves-skill", "⟦[a](../b.md)⟧ ⟦[b](/etc/passwd)⟧ ⟦[c](file:///etc/passwd)⟧", {}),
    ("link-leaves-skill", "⟦[a](C:/x.md)⟧ ⟦[b](~/.ssh/id)⟧ ⟦[c](r\\b.md)⟧", {"r/b.md": "r/b.md"}),
    ("link-leaves-skill", "[a](r/../b.md) [r](r/a.md)", {"b.md": "", "r/a.md": "[b](../b.md)"}),
    ("link-leaves-skill", "⟦[a](r/../../b.md)⟧", {}),
    (
        "link-leaves-skill",
        "[a](skills/pdf-x/SKILL.md)",
        {"skills/pdf-x/SKILL.md": f"{HEAD.replace('tools', 'x')}[a](../../b.md) ⟦[c](../../../b.md)⟧"},
    ),
    # links: schemes
    ("link-scheme-unsafe", "⟦[a](javascript:x)⟧ ⟦[b](JaVaScript:x)⟧ ⟦[c](vbscript:x)⟧", {}),
    ("link-scheme-unsafe", "⟦[a](<java\tscript:x>)⟧ ⟦<javascript:x>⟧", {}),
    ("link-scheme-unsafe", '⟦<a href="&#106;avascript:x">⟧b</a>', {}),
    ("link-scheme-unsafe", "![a](data:image/png;base64,AA) ⟦[b](data:text/html,x)⟧", {}),
    # mentions
    ("mention-target-missing", "Open `⟦resources/forms.md⟧`. Then `resources/forms.md`.", {}),
    ("mention-target-missing", "See `references/a.md`.", {"references/a.md": ""}),
    ("mention-target-missing", "- `⟦references/forms.md⟧`: forms; `references/b.md`", {"references/b.md": ""}),
    ("mention-target-missing", "Create `scripts/run.py`, for example `references/x.md`.", {}),
    ("mention-target-missing", "See the skill `forms`, `references/a.md`.", {}),
    ("mention-target-missing", "See `src/main.py`, `a.md` and `references/<name>.md`.", {}),
    ("mention-target-missing", "Names like `references/file-name.md` are read.", {}),
    # pages and headings
    ("heading-empty", "⟦##⟧\n\n# ![a](b.png)\n", {"b.png": ""}),
    ("document-unreachable", "Read b.md.", {"b.md": "", "r/c.md": "⟦⟧"}),
    ("document-unreachable", "Read all in `r/`.", {"r/c.md": "", "README.md": "", "tests/t.md": ""}),
    # characters
    ("text-mojibake", "⟦ðŸ§\u00a0⟧ a ⟦ðŸ§ ⟧ a don⟦â€™⟧t", {}),
    ("text-mojibake", "caf⟦Ã©⟧, 10⟦Â°⟧, ⟦Ð¿Ñ€Ð¸Ð²ÐµÑ‚⟧, ⟦ä¸\u00adæ–‡⟧", {}),
    ("text-mojibake", "«\u00a0jusqu’à\u00a0», “MANHÔ, l’été…”, ÄÖÜ…, ESPAÑ…, «Â», naïve, ðe, ×2", {}),
    ("text-control-character", "a⟦\x1b⟧[31m b⟦\x00\x07⟧ c⟦\x85⟧ tab\there", {}),
    ("text-mojibake", "⟦\u00f0\u009f\u00a7\u00a0⟧", {}),
    ("text-control-character", ESCAPED.format(r"\e]52;c;A\a"), {}),
    ("text-bidi-control", ESCAPED.format(r"\u202e"), {}),
    ("text-invisible", ESCAPED.format(r"\U000e0041"), {}),
    ("text-bidi-control", "a⟦\u202e⟧b⟦\u202c⟧ c⟦\u200f⟧d", {}),
    ("text-bidi-control", "שלום\u200f! \u2067עולם\u2069 a\nb⟦\u200e⟧", {}),
    ("text-bidi-control", "שלום ⟦\u202e⟧a⟦\u202c⟧", {}),
    ("text-invisible", f"👩‍💻 ❤️‍🔥 1️⃣ {FLAG} می‌خواهم ក\u200bខ ⚠️", {}),
    ("text-invisible", "a⟦\u200b⟧b ⟦\ufeff⟧c⟦\u200d⟧d ⟦\u3164⟧ e⟦\U000e0041\U000e0042⟧", {}),
    ("text-invisible", "a⟦\ufe0f⟧ 😀⟦\ufe01\ufe02⟧ 🏴⟦\U000e0041\U000e007f⟧", {}),
    # frontmatter
    ("frontmatter-missing", "⟦⟧# PDF", {}),
    ("frontmatter-missing", "\n\n⟦---⟧\nname: pdf-tools\n---\n", {}),
    ("name-missing", "⟦---⟧\ndescription: a\n---\n", {}),
    ("name-missing", "---\n⟦name⟧:\ndescription: a\n---\n", {}),
    ("name-missing", "---\n⟦name⟧: ''\ndescription: a\n---\n", {}),
    ("name-invalid", "---\n⟦name⟧: PDF\ndescription: a\n---\n", {}),
    ("name-invalid", "---\n⟦name⟧: пдф\ndescription: a\n---\n", {}),
    ("name-invalid", f"---\n⟦name⟧: {'a' * 65}\ndescription: a\n---\n", {}),
    ("name-invalid", "---\n⟦name⟧: -a\ndescription: a\n---\n", {}),
    ("name-invalid", "---\n⟦name⟧: a--b\ndescription: a\n---\n", {}),
    ("name-not-folder", "---\n⟦name⟧: pdf\ndescription: a\n---\n", {}),
    ("description-missing", "⟦---⟧\nname: pdf-tools\n---\n", {}),
    ("description-missing", "---\nname: pdf-tools\n⟦description⟧: '  '\n---\n", {}),
    ("description-too-long", f"---\nname: pdf-tools\n⟦description⟧: {'a ' * 513}\n---\n", {}),
    ("description-too-long", f"---\nname: pdf-tools\ndescription: {'é' * 1024}\n---\n", {}),
    ("field-invalid", "---\n⟦name⟧: 007\ndescription: a\n---\n", {}),
    ("field-invalid", "---\nname: pdf-tools\n⟦description⟧: yes\n---\n", {}),
    ("field-invalid", "---\nname: pdf-tools\n⟦description⟧: null\n---\n", {}),
    ("field-invalid", "---\nname: pdf-tools\ndescription: a\n⟦license⟧:\n---\n", {}),
    ("field-invalid", f"{HEAD[:-5]}⟦compatibility⟧: {'a' * 501}\n---\n", {}),
    ("field-invalid", f"{HEAD[:-5]}⟦compatibility⟧: ''\n---\n", {}),
    ("field-invalid", f"{HEAD[:-5]}⟦metadata⟧: [a]\n---\n", {}),
    ("field-invalid", f"{HEAD[:-5]}metadata:\n  a: b\n  ⟦c⟧: 1\n  ⟦d⟧: [2]\n---\n", {}),
    ("field-invalid", "[a](a.md)", {"a.md": "---\n⟦name⟧: 1\nx: 2\n---\n"}),
    ("field-unknown", "---\nname: pdf-tools\n⟦Description⟧: a\n⟦tags⟧: [a]\n---\n", {}),
    ("frontmatter-invalid", "---\nname: pdf-tools\ndescription: ⟦@⟧a\n---\n", {}),
    ("frontmatter-invalid", "---\n⟦- a⟧\n---\n", {}),
    ("frontmatter-invalid", "[a](templates/a.md)", {"templates/a.md": "---\ntitle: [A] - b\n---\n"}),
    ("frontmatter-unclosed", "⟦---⟧\nname: pdf-tools\n", {}),
    ("frontmatter-duplicate-key", "---\nname: pdf-tools\n⟦name⟧: pdf-tools\ndescription: a\n---\n", {}),
    ("frontmatter-colon", "---\nname: pdf-tools\ndescription: a⟦:⟧ b\n---\n", {}),
    ("frontmatter-alias", f"{HEAD[:-5]}license: ⟦!!str a⟧\n---\n", {}),
]  # fmt: skip


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """`text` without its brackets, and the places that they enclosed."""
    spans = []
    while (start := text.find("⟦")) != -1:
        end = text.index("⟧") - 1
        text = text[:start] + text[start + 1 : end + 1] + text[end + 2 :]
        spans.append((start, end))
    return text, spans


@pytest.mark.parametrize(("rule", "text", "others"), CASES)
def test_case(rule: str, text: str, others: dict[str, str]) -> None:
    if not text.strip("\n⟦").startswith("---") and rule != "frontmatter-missing":
        text = HEAD + text
    marked = {path: unmarked(content) for path, content in {"SKILL.md": text, **others}.items()}
    skill = loads({path: content for path, (content, _) in marked.items()}, root="pdf-tools")
    wanted = []
    for path, (content, spans) in marked.items():
        source = Source(f"pdf-tools/{path}", b"", content)
        wanted += [(rule, source.place(*span)) for span in spans]
    found = [
        (f.rule, Place(f.path, f.line, f.column, f.end_line, f.end_column))
        for f in validate(skill).findings
    ]
    assert found == wanted


def test_what_rules_share_is_found_out_once_and_goes_with_the_skill() -> None:
    asked = []

    @once
    def pages(skill: Skill) -> int:
        asked.append(skill.root)
        return len(skill.documents)

    skill = loads({"SKILL.md": "a"}, root="one")
    assert (pages(skill), pages(skill), asked) == (1, 1, ["one"])
    assert pages(replace(skill, root="two")) == 1
    assert asked == ["one", "two"]
    assert skill == loads({"SKILL.md": "a"}, root="one")


def test_what_rules_share_does_not_keep_the_skill() -> None:
    skill = loads({"SKILL.md": "[a](b.md) \u202e â€™"})
    validate(skill)
    gone = weakref.ref(skill)
    gc.disable()
    try:
        del skill
        assert gone() is None
    finally:
        gc.enable()


MILD = {
    "SKILL.md": "---\nname: pdf-tools\ndescription: a\nversion: 1\n---\n[b](b.md) [c](c.md)\n",
    "b.md": "---\ntitle: a: b\n---\n",
}


@pytest.mark.parametrize(
    ("profile", "options", "found"),
    [
        ("default", {}, "field-unknown frontmatter-colon link-target-missing"),
        ("strict", {}, "field-unknown frontmatter-colon link-target-missing"),
        ("spec", {}, "field-unknown"),
        ("portable", {}, "field-unknown"),
        ("spec", {"select": ["links"]}, "link-target-missing"),
        ("spec", {"select": ["links"], "ignore": ["link-target-missing"]}, ""),
        ("default", {"ignore": ["frontmatter"]}, "link-target-missing"),
        ("default", {"select": ["field-unknown", "size"]}, "field-unknown"),
    ],
)
def test_rules_are_chosen(profile: Profile, options: dict[str, list[str]], found: str) -> None:
    rules = choose(RULES, profile, **options)  # type: ignore[arg-type]
    report = validate(loads(MILD, root="pdf-tools"), rules=rules, advice=True)
    assert [f.rule for f in sorted(report.findings, key=lambda f: f.rule)] == found.split()


def test_advice_is_chosen_where_it_is_named_or_asked_for() -> None:
    def chosen(**options: object) -> set[str]:
        return {r.severity for r in choose(RULES, **options).values()}  # type: ignore[arg-type]

    assert "advice" not in chosen()
    assert "advice" in chosen(advice=True)
    assert "advice" in chosen(profile="strict")
    assert chosen(select=["skill-too-long"]) == {"advice"}


@pytest.mark.parametrize("options", [{"select": ["lnks"]}, {"ignore": ["x"]}, {"profile": "x"}])
def test_what_cannot_be_chosen_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(UnknownNameError):
        choose(RULES, **options)  # type: ignore[arg-type]


def test_a_bom_is_not_portable() -> None:
    skill = loads({"SKILL.md": b"\xef\xbb\xbf" + HEAD.encode()}, root="pdf-tools")
    for profile, count in (("spec", 0), ("portable", 1)):
        report = validate(skill, rules=choose(RULES, profile))  # type: ignore[arg-type]
        assert len(report.findings) == count


PORTABLE = {
    "compatibility": ("compatibility: Linux", "field-unportable"),
    "tools": ("allowed-tools: Read", "field-unportable"),
    "list of tools": ("allowed-tools: [Read]", "field-invalid field-unportable"),
    "number": ("metadata: {a: 1}", "field-invalid"),
    "date": ("metadata: {a: 2026-01-31}", "frontmatter-date"),
    "dashes": ("license: a --- b", "frontmatter-dashes"),
    "alias": ("license: &a MIT", "frontmatter-alias"),
    "other key": ("tags: a", "field-unknown"),
    "colon": ("license: a: b", "frontmatter-colon"),
    "key twice": ("license: a\nlicense: b", "frontmatter-duplicate-key"),
    "all that every client takes": ("license: MIT\nmetadata:\n  a: b", ""),
}


@pytest.mark.parametrize(("line", "found"), PORTABLE.values(), ids=PORTABLE)
def test_what_one_of_fourteen_loaders_refuses_is_not_portable(line: str, found: str) -> None:
    text = HEAD.replace("\n---\n", f"\n{line}\n---\n") + "Read.\n"
    rules = choose(RULES, "portable")
    report = validate(loads({"SKILL.md": text}, root="pdf-tools"), rules=rules, advice=True)
    assert sorted(f.rule for f in report.findings) == found.split()


def test_only_what_is_exact_is_an_error() -> None:
    """And every profile but `strict` is without advice, unless a client stumbles over it."""
    assert all(rule.exact for rule in RULES.values() if rule.severity == "error")
    assert all(rule.severity != "advice" for rule in choose(RULES, "default").values())
    assert set(choose(RULES, "strict")) == set(RULES)


def test_a_skill_without_a_body_is_not_portable() -> None:
    skill = loads({"SKILL.md": HEAD.rstrip()}, root="pdf-tools")
    assert not validate(skill).findings
    report = validate(skill, rules=choose(RULES, "portable"), advice=True)
    assert [finding.rule for finding in report.findings] == ["body-empty"]
