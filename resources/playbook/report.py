"""A page that a browser opens, in one file: gates, tables, plots. Change: nothing."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
from store import Gate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """<style>body{font:15px sans-serif;margin:2em;max-width:75em}img{max-width:100%}
table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;text-align:right;
border-bottom:1px solid #ccc}.FAILED{color:#b00;font-weight:bold}</style>"""


def page(title: str, gates: list[Gate], tables: dict[str, pd.DataFrame], figure: Figure) -> str:
    """The page; gates that failed are red."""
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=90)
    picture = base64.b64encode(image.getvalue()).decode()
    lines = [f'<li class="{str(gate).split()[0]}">{escape(str(gate))}</li>' for gate in gates]
    parts = [f"<h2>{escape(name)}</h2>{table.to_html(border=0)}" for name, table in tables.items()]
    return (
        f'<!doctype html><meta charset="utf-8"><title>{escape(title)}</title>{STYLE}'
        f"<h1>{escape(title)}</h1><ul>{''.join(lines)}</ul>"
        f'<img alt="{escape(title)}" src="data:image/png;base64,{picture}">{"".join(parts)}'
    )
