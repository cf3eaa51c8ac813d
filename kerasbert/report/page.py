"""The page around the sections: one HTML file that loads nothing and reads well anywhere."""

import base64
import hashlib
import html
from collections.abc import Sequence

STYLE = """
:root { color-scheme: light dark; --bg: #fbfbf9; --card: #fff; --text: #1d2328; --soft: #68727c;
  --line: #dfe3e6; --bar: #d6e8f5; --s0: #0072b2; --s1: #c75000; --s2: #00805c; --s3: #a84a85;
  --s4: #7a6a00; }
@media (prefers-color-scheme: dark) { :root { --bg: #14181b; --card: #1c2125; --text: #e4e8ea;
  --soft: #98a3ad; --line: #323a41; --bar: #234a63; --s0: #5bb8f0; --s1: #f08c45; --s2: #3fc79d;
  --s3: #e08dc1; --s4: #d8c84a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
.kicker { color: var(--soft); margin: 0 0 .2rem; font-size: .85rem; }
p { margin: .3rem 0 .8rem; max-width: 46rem; overflow-wrap: anywhere; }
.soft, .note { color: var(--soft); } .note { font-size: .85rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.2rem, 1fr)); gap: .6rem;
  margin: 1.2rem 0; }
.tiles div, figure, .scroll, dl { background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; }
.tiles div { padding: .55rem .8rem; } .tiles b { display: block; font-size: 1.25rem;
  font-variant-numeric: tabular-nums; } .tiles span { color: var(--soft); font-size: .85rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr));
  gap: .8rem; }
figure { margin: 0; padding: .7rem .8rem .4rem; min-width: 0; max-width: 36rem; }
figcaption { font-weight: 600; } svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .85rem; min-height: 1.4em; }
.key { display: inline-flex; align-items: center; gap: .4rem; } .key i { width: 1.3rem;
  border-top: 2.5px solid; } .key.dashed i { border-top-style: dashed; }
.key.dots i { width: 8px; height: 8px; border: 0; border-radius: 50%; background: currentColor; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
.s3 { color: var(--s3); } .s4 { color: var(--s4); } .plain { color: var(--soft); }
svg text { font-size: 11.5px; fill: var(--soft); } svg .mid { text-anchor: middle; }
svg .end { text-anchor: end; } .grid { stroke: var(--line); }
@media (max-width: 500px) { svg text { font-size: 14px; } }
polyline { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.dashed polyline { stroke-dasharray: 6 4; }
.thin polyline { stroke-width: 1; opacity: .45; }
circle { fill: currentColor; } .dots circle { fill-opacity: .55; }
circle:hover { stroke: var(--text); }
.scroll { overflow: auto; max-height: 34rem; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .92rem; }
th, td { padding: .3rem .7rem; text-align: right; vertical-align: top; white-space: nowrap; }
.word { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
th { position: sticky; top: 0; background: var(--card); box-shadow: inset 0 -1px var(--line);
  font-weight: 600; color: var(--soft); z-index: 1; vertical-align: bottom;
  white-space: normal; }
tbody tr + tr td { border-top: 1px solid var(--line); }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--s0); }
th button::after { content: " \\2195"; opacity: .45; }
th[aria-sort=ascending] button::after { content: " \\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: " \\2193"; opacity: 1; }
.bar { background: linear-gradient(to right, var(--bar) calc(var(--v) * 100%), transparent 0); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) minmax(0, 1fr);
  gap: .15rem 1.2rem; padding: .7rem .9rem; margin: .6rem 0; font-size: .92rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
details { margin: .4rem 0; } summary { cursor: pointer; }
dd details, td details { margin: 0; }
.text { font-family: ui-serif, Georgia, serif; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .7rem .9rem; margin: .6rem 0; overflow-wrap: anywhere; }
article p { margin: .2rem 0; max-width: none; }
mark { background: color-mix(in srgb, var(--s1) calc(var(--w) * 45%), transparent);
  color: inherit; border-radius: 3px; }
mark.against { background: color-mix(in srgb, var(--s0) calc(var(--w) * 45%), transparent);
  text-decoration: underline dotted; } .unread { opacity: .45; }
.labels span { display: inline-block; border: 1px solid var(--line); border-radius: 5px;
  padding: 0 .4rem; margin: .1rem .25rem .1rem 0; font-size: .88rem; }
.labels .right { color: var(--s2); } .labels .missed { color: var(--s1); border-style: dashed; }
.labels .wrong { color: var(--s3); text-decoration: underline; }
"""

# Missing values stay last, whichever way it is sorted; numbers begin with the highest.
SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending"
        || (head.classList.contains("word") && head.getAttribute("aria-sort") !== "ascending");
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const key = (row) => {
        const cell = row.cells[column], text = cell.textContent.trim();
        if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
        const plain = text.replace(/,/g, "");
        return text === "\\u2013" ? null : plain !== "" && !isNaN(plain) ? Number(plain) : text;
      };
      const keyed = [...body.rows].map((row) => [key(row), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = typeof a === "number" && typeof b === "number"
          ? a - b : String(a).localeCompare(String(b));
        return up ? order : -order;
      });
      body.append(...keyed.map(([, row]) => row));
    });
  });
}
"""


def page(kind: str, title: str, summary: str, sections: Sequence[tuple[str, str]]) -> str:
    """The whole file.

    Args:
        kind: what sort of report it is, above the title.
        title: its heading.
        summary: a line below it.
        sections: heading and HTML of each; those without HTML are left out.
    """
    body = "\n".join(
        f"<section><h2>{html.escape(name)}</h2>\n{text}</section>" if name else text
        for name, text in sections
        if text
    )
    name = html.escape(title)
    # Nothing is loaded, and no script but ours runs, whatever a text may hold.
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{STYLE}</style></head>\n<body><main>"
        f'<p class="kicker">{html.escape(kind)}</p><h1>{name}</h1>'
        f'<p class="soft">{html.escape(summary)}</p>\n{body}\n</main>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def charts(*figures: str) -> str:
    """Charts side by side, as many as the page is wide for; empty when all are."""
    drawn = "".join(figures)
    return f'<div class="charts">{drawn}</div>' if drawn else ""


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of escaped text; empty when there is none."""
    look = f' class="{style}"' if style else ""
    return f"<p{look}>{html.escape(text)}</p>" if text else ""
