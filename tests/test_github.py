"""How the tree reads on GitHub, by its own Markdown (cmark-gfm): the same page that we see."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import mlskill
from mlskill.anchors import Anchors
from mlskill.home import home
from mlskill.model import Document, Source
from mlskill.parser import parse
from mlskill.site.contents import Site
from mlskill.site.pages import pages as files

cmarkgfm = pytest.importorskip("cmarkgfm", reason="cmarkgfm is not installed")

TREE = [document.path for document in mlskill.load().documents]
FRONT = [
    name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md") if (home() / name).is_file()
]
ALERTS = {"NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"}
DIAGRAMS = ("flowchart", "graph", "sequenceDiagram", "stateDiagram", "classDiagram", "gantt", "pie")


class Seen(HTMLParser):
    """What a page shows: headings, links, cells of tables, blocks of code."""

    def __init__(self, html: str, own: str = "") -> None:
        super().__init__()
        self.own = own
        self.headings: list[str] = []
        self.links: list[str] = []
        self.cells: list[str] = []
        self.blocks: list[str] = []
        self.items = 0
        self._into: list[tuple[str, list[str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and "mark" not in (values.get("class") or ""):
            self.links.append(unquote(values.get("href") or ""))
        self.items += tag == "li"
        kinds = {"td": self.cells, "th": self.cells, "pre": self.blocks}
        into = self.headings if re.fullmatch("h[1-6]", tag) else kinds.get(tag)
        if into is not None:
            into.append("")
            self._into.append((tag, into))

    def handle_endtag(self, tag: str) -> None:
        if self._into and self._into[-1][0] == tag:
            self._into.pop()

    def handle_data(self, data: str) -> None:
        if self._into:
            self._into[-1][1][-1] += data


def read(path: str) -> Document:
    raw = (home() / path).read_bytes()
    return parse(Source(path, raw, raw.decode()))


def on_github(document: Document) -> Seen:
    return Seen(cmarkgfm.github_flavored_markdown_to_html(document.body))


@pytest.mark.parametrize("path", TREE + FRONT)
def test_github_sees_the_headings_that_we_address(path: str) -> None:
    document = read(path)
    anchors = Anchors()
    theirs = [anchors.add(words) for words in on_github(document).headings]
    assert theirs == [section.anchor for section in document.sections[1:]]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The page of each document, by the document's path."""
    site = Site(mlskill.load())
    made = dict(files(site))
    return {path: made[site.addresses[path]].decode() for path in TREE}


@pytest.mark.parametrize("path", TREE)
def test_github_and_the_site_show_the_same(pages: dict[str, str], path: str) -> None:
    document, page = read(path), pages[path]
    article = page.partition("<article>")[2].partition("</article>")[0]
    ours, theirs = Seen(article), on_github(document)
    assert ours.cells == theirs.cells
    assert ours.blocks == theirs.blocks
    assert ours.headings == theirs.headings


@pytest.mark.parametrize("path", TREE + FRONT)
def test_every_relative_link_leads_somewhere_on_github(path: str) -> None:
    document = read(path)
    for link in on_github(document).links:
        parts = urlsplit(link)
        if parts.scheme or link.startswith("//"):
            continue
        target = (home() / path).parent / parts.path if parts.path else home() / path
        assert target.exists(), link
        if parts.fragment and target.suffix == ".md":
            other = read(target.resolve().relative_to(home().resolve()).as_posix())
            assert parts.fragment in other.anchors, link


@pytest.mark.parametrize("path", TREE + FRONT)
def test_alerts_and_diagrams_are_those_that_github_draws(path: str) -> None:
    document = read(path)
    for kind in re.findall(r"(?m)^> \[!(\w+)\]", document.body):
        assert kind in ALERTS
    for block in document.blocks:
        if block.language == "mermaid":
            assert block.text.lstrip().startswith(DIAGRAMS)


@pytest.mark.parametrize("kind", sorted(ALERTS))
def test_the_site_draws_alerts(kind: str) -> None:
    skill = mlskill.loads({"SKILL.md": f"# A\n\n> [!{kind}]\n> Words.\n"})
    page = dict(files(Site(skill)))["index.html"].decode()
    assert f'class="markdown-alert markdown-alert-{kind.lower()}"' in page


def test_pictures_of_the_readme_are_there() -> None:
    if not FRONT:
        pytest.skip("no README beside the packaged skill")
    for link in read("README.md").links:
        if link.image and link.internal:
            assert Path(home() / link.path).is_file(), link.target


def test_workflows_have_the_shape_that_github_reads() -> None:
    checker = shutil.which("check-jsonschema")
    folder = Path(__file__).parent.parent / ".github" / "workflows"
    if checker is None:
        pytest.skip("check-jsonschema is not installed (extra: prove)")
    files = sorted(map(str, folder.glob("*.yml")))
    assert files
    done = subprocess.run(
        [checker, "--builtin-schema", "vendor.github-workflows", *files],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
