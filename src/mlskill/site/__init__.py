"""site: skills as web pages that work from a folder, without a server and without the web.

    Skill ─▶ Site (a page for each document and file, a map, a search index) ─┐
    Skill ─▶ Site ────────────────────────────────────────────────────────────┼─▶ a folder
    Entries ─▶ catalogue ─────────────────────────────────────────────────────┘

    addresses.py  where each file lies, whatever it is called
    markdown.py   a document's text as HTML, in which nothing acts
    code.py       a block of code, coloured by Pygments
    assets.py     files that are not Markdown
    proof.py      what ``mlskill prove`` said of the blocks
    places.py     "on GitHub", "in the editor"
    graph.py      the picture of what leads to what
    pages.py      one skill as pages
    catalogue.py  many skills as one page
    builder.py    a folder of it all
    templates.py  Jinja

Why no generator of sites: measured on 1,012 pages of public skills, MkDocs Material 9.8 and
Zensical 0.0.73 write 770 MB, because each page repeats the navigation of all, and fetch a script
from another host to search a folder that no server serves; Sphinx 9.0 takes three times as long.
None of them knows our anchors, and all of them let a page's raw HTML through. So the parts are
libraries (markdown-it-py, Pygments, Jinja; MiniSearch in the browser), and the frame is ours.
"""

from mlskill.site.builder import Built, build
from mlskill.site.contents import Entry, Options

__all__ = ["Built", "Entry", "Options", "build"]
