"""The site without a browser: what its pages hold, where their links lead, what it leaves alone."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import site_attacks
from hypothesis import given, settings
from hypothesis import strategies as st

import mlskill
from mlskill.errors import MlskillError
from mlskill.home import home
from mlskill.prover import plan
from mlskill.prover.versions import digest
from mlskill.reader import discover
from mlskill.site import Options, build
from mlskill.site import pages as site_pages
from mlskill.site.addresses import RESERVED, Addresses
from mlskill.site.builder import jobs
from mlskill.site.code import LANGUAGES, code
from mlskill.site.contents import Site
from mlskill.site.places import editor, repository
from mlskill.site.proof import Proofs, Run, read

ALLOWED = re.compile(r"#|https?://|mailto:|data:image/svg\+xml;base64,|[^:]*$")
"""What an address of a page may look like: of the web, a letter, a picture, or relative."""


class Page(HTMLParser):
    """What a page holds, as a browser would read it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "action", "data", "formaction", "srcset", "ping"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(f"{tag} {name}")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def write(folder: Path, files: dict[str, str | bytes]) -> str:
    """A skill on disk."""
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return str(folder)


def pages(skill: mlskill.Skill, **given: object) -> dict[str, str]:
    """The skill's files, decoded."""
    made = site_pages.pages(Site(skill, **given))
    return {address: data.decode("utf-8", "replace") for address, data in made}


def made(path: str, output: Path, **given: object) -> dict[str, Page]:
    """The pages of the site of all skills below `path`."""
    build(jobs((path, root) for root in discover(path)), output, **given)
    return {
        file.relative_to(output).as_posix(): Page(file.read_text("utf-8"))
        for file in output.rglob("*.html")
    }


def broken(output: Path, found: dict[str, Page]) -> list[str]:
    """Every link that leads nowhere, and every id that stands twice."""
    wrong = []
    for place, page in found.items():
        if len(set(page.ids)) != len(page.ids):
            wrong.append(f"{place}: an id stands twice: {sorted(page.ids)}")
        for address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme:
                continue
            target = (output / place).parent / unquote(parts.path) if parts.path else output / place
            if not target.is_file():
                wrong.append(f"{place}: {address} is not there")
            elif parts.fragment:
                name = target.resolve().relative_to(output.resolve()).as_posix()
                if unquote(parts.fragment) not in found[name].ids:
                    wrong.append(f"{place}: {address} has no such place")
    return wrong


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Page]]:
    output = tmp_path_factory.mktemp("site")
    return output, made(str(home()), output)


def test_every_link_of_the_packaged_skill_works(packaged: tuple[Path, dict[str, Page]]) -> None:
    assert broken(*packaged) == []


def test_every_anchor_is_kept(packaged: tuple[Path, dict[str, Page]]) -> None:
    skill, (_, found) = mlskill.load(), packaged
    for document in skill.documents:
        name = "index.html" if document is skill.main else document.path[:-3] + ".html"
        assert set(document.anchors) - {""} <= set(found[name].ids), name


def test_pages_are_in_reading_order(packaged: tuple[Path, dict[str, Page]]) -> None:
    skill, (output, _) = mlskill.load(), packaged
    navigation = (output / "index.html").read_text("utf-8").partition('<nav class="tree"')[2]
    wanted = [f'href="{d.path[:-3]}.html"' for d in skill.modules]
    at = [navigation.index(link) for link in wanted]
    assert at == sorted(at)


def test_tokens_are_those_of_the_tree(packaged: tuple[Path, dict[str, Page]]) -> None:
    _, found = packaged
    for document in mlskill.tree(mlskill.load())["documents"][1:]:
        words = "".join(found[document["path"][:-3] + ".html"].text)
        for part in (document, *document["sections"]):
            assert f"{part['tokens']:,} tokens" in words


def test_several_skills_have_a_catalogue(tmp_path: Path) -> None:
    for name in ("b", "A", "c"):
        write(tmp_path / "skills" / name, {"SKILL.md": f"---\nname: {name}\ndescription: x\n---\n"})
    found = made(str(tmp_path / "skills"), tmp_path / "out")
    assert broken(tmp_path / "out", found) == []
    data = (tmp_path / "out" / "catalogue.js").read_text("ascii")
    rows = json.loads(data.removeprefix("mlskillCatalogue(").removesuffix(");\n"))
    assert [row[0] for row in rows] == ["A", "b", "c"]


def test_what_is_no_longer_there_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write(folder, {"SKILL.md": "[b](b.md)", "b.md": "# B", "c/d.md": "# D"})
    assert "c/d.html" in made(str(folder), tmp_path / "out")
    (folder / "c" / "d.md").unlink()
    assert "c/d.html" not in made(str(folder), tmp_path / "out")
    assert not (tmp_path / "out" / "c").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "a", {"SKILL.md": "# A"})
    write(tmp_path / "out", {"thesis.tex": "ten years"})
    with pytest.raises(MlskillError, match="holds something else"):
        made(str(tmp_path / "a"), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "ten years"


def test_the_same_skill_gives_the_same_bytes(tmp_path: Path) -> None:
    skill = mlskill.load(contents=True)
    assert pages(skill) == pages(skill)


# What becomes of links.
LINKS = [
    ("[x](b.md#two)", "b.html#two"),
    ("[x](b.md#absent)", "b.html"),
    ("[x](./b.md)", "b.html"),
    ("[x](/b.md)", None),
    ("[x](absent.md)", None),
    ("[x](#here)", "#here"),
    ("[x](#Here)", "#here"),
    ("[x](run.py)", "run.py.html"),
    ("[x](data)", "map.html"),
    ("[x](https://example.com/a?b=c)", "https://example.com/a?b=c"),
    ("[x](mailto:a@example.com)", "mailto:a@example.com"),
    ("[x](ftp://example.com)", None),
    ("`b.md`", "b.html"),
    ("[x]\n\n[x]: b.md", "b.html"),
]


@pytest.mark.parametrize(("text", "address"), LINKS)
def test_links(text: str, address: str | None) -> None:
    files = {
        "SKILL.md": f"# Here\n\n{text}\n",
        "b.md": "# B\n\n## Two\n",
        "run.py": "print()\n",
        "data/x.csv": "1\n",
    }
    page = pages(mlskill.loads(files))["index.html"]
    found = Page(page.rpartition("</header>\n")[2].partition("<nav")[0]).addresses
    assert found == ([] if address is None else [address])


# Proof beside the block that it speaks of.
def _proof(status: str, text: str = "print(1)\n", **more: object) -> Run:
    block = {
        "program": "SKILL.md#a",
        "place": {"path": "SKILL.md", "line": 3},
        "status": status,
        "digest": digest(text),
        **more,
    }
    versions = {"SKILL.md#a": {"numpy": "2.4.0"}}
    return Run.model_validate(
        {
            "date": "2026-11-26T10:00:00Z",
            "python": "3.11.7",
            "versions": versions,
            "blocks": [block],
        }
    )


PROOFS = [
    ("python", _proof("ran", seconds=0.84), ["ran in 0.8 s", "November 26, 2026", "numpy 2.4.0"]),
    ("python", _proof("checked", by="compile"), ["checked by compile"]),
    ("python", _proof("failed", message="NameError: x"), ["failed: NameError: x"]),
    ("python", _proof("skipped", message="needs gpu"), ["skipped: needs gpu"]),
    ("python", _proof("ran", text="print(2)\n"), ["changed since it was proven"]),
    ('python no-run="a cluster"', None, ["not run: a cluster"]),
]


@pytest.mark.parametrize(("info", "run", "words"), PROOFS)
def test_proof(info: str, run: Run | None, words: list[str]) -> None:
    skill = mlskill.loads({"SKILL.md": f"# A\n\n```{info}\nprint(1)\n```\n"})
    text = " ".join("".join(Page(pages(skill, run=run)["index.html"]).text).split())
    assert all(word in text for word in words)


def test_a_report_of_prove_can_be_fed_in(tmp_path: Path) -> None:
    from mlskill.apps.cli import run

    root = write(
        tmp_path / "a", {"SKILL.md": "---\nname: a\ndescription: b\n---\n```json\n{}\n```\n"}
    )
    file = tmp_path / "proof.json"
    file.write_text(_told(run, ["prove", "--format", "json", root]), "utf-8")
    found = read([str(file)]).of(root)
    assert found is not None
    assert [block.status for block in found.blocks] == ["checked"]


def _told(run: object, arguments: list[str]) -> str:
    """What a command line prints."""
    import contextlib
    import io

    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()),
    ):
        assert run(arguments) == 0  # type: ignore[operator]
    return out.getvalue()


@pytest.mark.parametrize("text", ["", "[]", '{"proofs": 1}', '{"proofs": {"a": {"blocks": [{}]}}}'])
def test_what_is_no_report_says_so(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(MlskillError, match=r"x\.json: no report of mlskill prove"):
        read([str(tmp_path / "x.json")])


def test_findings_stand_where_they_are() -> None:
    text = "---\nname: skill\ndescription: b\n---\n# A\n\nbefore\n\n[x](absent.md)\n\nafter\n"
    page = pages(mlskill.loads({"SKILL.md": text}))["index.html"]
    assert page.index("before") < page.index("link-target-missing") < page.index("after")


def test_places_of_each_section() -> None:
    options = Options(
        repository=repository("https://github.com/o/r/blob/main"), editor=editor("vscode")
    )
    skill = mlskill.loads({"SKILL.md": "# A\n\n## B\n"})
    found = Page(pages(skill, options=options, below="skills/a")["index.html"]).addresses
    assert "https://github.com/o/r/blob/main/skills/a/SKILL.md?plain=1#L3" in found
    assert "vscode://file/skill/SKILL.md:3" in found


@pytest.mark.parametrize("name", ["javascript:{path}", "emacs", "x", "data:{path}"])
def test_an_editor_is_one(name: str) -> None:
    with pytest.raises(MlskillError):
        editor(name)


@pytest.mark.parametrize("url", ["javascript:1", "o/r", "https://a b", 'https://a"b'])
def test_a_repository_is_on_the_web(url: str) -> None:
    with pytest.raises(MlskillError):
        repository(url)


# Nothing of a skill acts.
TAGS = {
    *("html", "head", "meta", "title", "link", "script", "body", "a", "header", "button", "svg"),
    *("circle", "path", "input", "div", "kbd", "p", "nav", "ul", "li", "main", "article", "h1"),
    *("h2", "h3", "h4", "h5", "h6", "span", "code", "details", "summary", "dl", "dt", "dd"),
    *("figure", "figcaption", "pre", "table", "thead", "tbody", "tr", "th", "td", "blockquote"),
    *("ol", "em", "strong", "s", "br", "hr", "img", "aside", "small", "b", "g", "text", "label"),
    *("select", "option", "noscript"),
}


def inert(page: Page) -> list[str]:
    """What could act in a page and is not ours."""
    wrong = [address for address in page.addresses if not ALLOWED.match(address)]
    return wrong + page.handlers + sorted(set(page.tags) - TAGS)


def test_the_attacks_are_inert(tmp_path: Path) -> None:
    files = {p: t for p, t in site_attacks.FILES.items() if "\0" not in p}
    root = write(tmp_path / "skill", files)
    found = made(root, tmp_path / "out")
    assert {place: wrong for place, page in found.items() if (wrong := inert(page))} == {}
    assert broken(tmp_path / "out", found) == []
    scripts = {place: page.tags.count("script") for place, page in found.items()}
    assert set(scripts.values()) == {2}  # ours
    assert not [
        f for f in (tmp_path / "out").rglob("*") if f.suffix in (".svg",) and f.stem != "icon"
    ]


_MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            [*site_attacks.HTML, *site_attacks.TEMPLATES, "\n", "\n\n", "# ", "> ", "- "]
        ),
        st.sampled_from(site_attacks.TARGETS).map(lambda target: f"[x]({target})"),
        st.sampled_from(
            ["```", "~~~", "|", "---", "<", ">", "&", '"', "'", "`", "](", "![", "<!--"]
        ),
        st.text(max_size=8),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=150)
@given(_MARKUP)
def test_no_text_acts(text: str) -> None:
    skill = mlskill.loads({"SKILL.md": text.replace("\r", "\n"), "a.md": "# A"})
    for place, data in pages(skill).items():
        if place.endswith(".html"):
            page = Page(data)
            assert inert(page) == []
            assert page.tags.count("script") == 2
            assert len(set(page.ids)) == len(page.ids)
    assert set(skill.main.anchors) - {""} <= {*Page(pages(skill)["index.html"]).ids, *_own(skill)}


def _own(skill: mlskill.Skill) -> set[str]:
    """Anchors that would be ours, and are not set."""
    return {anchor for anchor in skill.main.anchors if anchor.startswith("ui:")}


@given(st.lists(st.text(min_size=1, max_size=300).filter(lambda t: "\0" not in t), max_size=20))
def test_addresses_are_plain_and_apart(names: list[str]) -> None:
    addresses = Addresses(RESERVED)
    given_ = [addresses.give(name.replace("/", "_") + ".html") for name in names]
    assert len({address.casefold() for address in (*given_, *RESERVED)}) == len(names) + len(
        RESERVED
    )
    for address in given_:
        assert len(address.encode()) < 200
        assert not set(address) & set("<>:\"/\\|?*\0\n#%&' ")
        assert address not in (".", "..")


PATTERNS = [
    part * (4000 // len(part))
    for part in ("(", '"', "'", "a ", "a.", "/*", "<a ", "\\", "${", "<<A", "<!--", "\t", "%(")
]


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_lexer_changes_a_text_or_hangs(language: str) -> None:
    for text in (*PATTERNS, *(f"{pattern}\n" for pattern in PATTERNS)):
        assert "".join(Page(code(text, language)).text) == text


def test_a_large_text_is_shown_as_it_is() -> None:
    text = "# A\n\n" + "> " * 150 + "deep\n\n" + "x | " * 30_000
    assert "deep" in "".join(Page(pages(mlskill.loads({"SKILL.md": text}))["index.html"]).text)


def test_the_packaged_blocks_can_be_copied_as_they_run(
    packaged: tuple[Path, dict[str, Page]],
) -> None:
    """What stands in each block's element is what the prover runs, to the character."""
    skill, (output, _) = mlskill.load(contents=True), packaged
    for program in plan(skill).programs:
        name = "index.html" if program.path == "SKILL.md" else program.path[:-3] + ".html"
        blocks = re.findall(
            r'<pre tabindex="0"><code>(.*?)</code></pre>',
            (output / name).read_text("utf-8"),
            re.DOTALL,
        )
        shown = {"".join(Page(block).text) for block in blocks}
        assert {task.block.text for task in program.tasks} <= shown


def test_proofs_are_found_by_the_place_of_the_skill(tmp_path: Path) -> None:
    run = Run()
    assert Proofs({str(tmp_path): run}).of(str(tmp_path)) is run
    assert Proofs({f"{tmp_path}/x/..": run}).of(str(tmp_path)) is run
    assert Proofs({"elsewhere": run}).of(str(tmp_path)) is None
