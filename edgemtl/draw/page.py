"""One HTML page that holds all it needs: no script, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

from edgemtl.draw.markup import Markup, tag

__all__ = ["card", "cards", "facts", "page", "section", "table"]

# Even where somebody's name got through: no script runs, nothing is fetched.
POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)
STYLE = """
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --soft: #5d6773; --faint: #e3e6ea; --back: #f6f7f9; --card: #fff; --on: #fff;
  --c0: #2563c9; --c1: #d9711a; --c2: #1d8a5b; --c3: #8a4fbf; --c4: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ed; --soft: #9aa4b0; --faint: #2c333b; --back: #14171b; --card: #1c2126;
    --on: #10141a;
    --c0: #6ea3ff; --c1: #f0a050; --c2: #52c795; --c3: #c08cf0; --c4: #ff7b72;
  }
}
* { box-sizing: border-box }
body {
  margin: 0; background: var(--back); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px }
h1, h3, p { overflow-wrap: anywhere }
h1 { font-size: 26px; margin: 0 0 4px }
h2 { font-size: 20px; margin: 44px 0 4px }
h3 { font-size: 15px; margin: 24px 0 0; font-weight: 600 }
p { margin: 0 0 12px; color: var(--soft); max-width: 75ch }
nav { margin: 14px 0 22px; display: flex; flex-wrap: wrap; gap: 6px 18px }
a { color: var(--c0); text-decoration: none }
a:hover { text-decoration: underline }
.cards {
  display: grid; gap: 14px; margin: 12px 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 310px), 1fr));
}
.card {
  background: var(--card); border: 1px solid var(--faint); border-radius: 10px;
  padding: 14px 16px; min-width: 0;
}
.card h3 { margin: 0 0 10px }
.card p { margin: 6px 0 0; font-size: 13px }
.big { font-size: 34px; font-weight: 650; letter-spacing: -.02em; line-height: 1.1 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 20px; margin: 0 }
dt { color: var(--soft) }
dd { margin: 0 }
dt, dd { font-size: 13px; overflow-wrap: anywhere }
@media (max-width: 640px) {
  dl { display: block }
  dd { margin: 0 0 8px }
}
.wide { overflow-x: auto; margin: 12px 0 }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums }
th, td {
  padding: 5px 14px 5px 0; border-bottom: 1px solid var(--faint); text-align: right;
  vertical-align: top; white-space: nowrap;
}
th { color: var(--soft); font-weight: 400 }
th:first-child, td:first-child { text-align: left }
th.words, td.words {
  text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 18em;
}
svg { display: block; width: 100%; height: auto; max-width: 560px }
svg text { font-size: 12.5px; fill: var(--soft) }
svg .label { fill: var(--ink) }
svg .small { font-size: 11px }
svg .on { fill: var(--on) }
.grid { stroke: var(--faint) }
.axis { stroke: var(--soft) }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
.line.grey { stroke: var(--soft); stroke-width: 1 }
.dashed { stroke-dasharray: 5 4 }
.stem { fill: none; stroke-width: 2.2; stroke-opacity: .8 }
.line.c0, .stem.c0 { stroke: var(--c0) }
.line.c1, .stem.c1 { stroke: var(--c1) }
.line.c2 { stroke: var(--c2) }
.line.c3 { stroke: var(--c3) }
.line.c4 { stroke: var(--c4) }
.bar.c0, .hit, .dot { fill: var(--c0) }
.bar.c1 { fill: var(--c1) }
.bar.c2 { fill: var(--c2) }
.bar.faint { fill: var(--faint) }
.mark { stroke: var(--ink); stroke-width: 2 }
.miss { fill: var(--c4) }
.dot { fill-opacity: .75 }
.line.hollow { fill: var(--card) }
"""


def page(title: str, *parts: Markup) -> str:
    """A whole page."""
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            POLICY,
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            tag("title", title),
            tag("style", Markup(STYLE)),
            "</head>",
            tag("body", tag("main", *parts)),
            "</html>\n",
        )
    )


def section(title: str, anchor: str, *parts: Markup) -> Markup:
    """A part of the page with a heading that links can name."""
    return tag("section", tag("h2", title), *parts, id=anchor)


def cards(children: Iterable[Markup]) -> Markup:
    """Cards in as many columns as the window has room for."""
    return tag("div", *children, class_="cards")


def card(title: str, *parts: Markup) -> Markup:
    """A picture, or a few words, with a heading."""
    return tag("div", tag("h3", title), *parts, class_="card")


def facts(rows: Iterable[tuple[str, str]]) -> Markup:
    """Names, and what each of them is."""
    words = [word for name, value in rows for word in (tag("dt", name), tag("dd", value))]
    return tag("dl", *words)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], words: Container[int] = ()
) -> Markup:
    """A table that scrolls where the window is too narrow for it.

    Parameters
    ----------
    columns : sequence of str
        Headings.
    rows : iterable of sequence of str
        The first is a name, others are numbers.
    words : container of int
        Numbers of the columns that are no numbers, but text, which may break.
    """

    def line(cells: Sequence[str], kind: str) -> Markup:
        styles = [{"class_": "words"} if i in words else {} for i in range(len(cells))]
        pairs = zip(cells, styles, strict=True)
        return tag("tr", *(tag(kind, cell, **style) for cell, style in pairs))

    body = (line(row, "td") for row in rows)
    return tag("div", tag("table", line(columns, "th"), *body), class_="wide")
