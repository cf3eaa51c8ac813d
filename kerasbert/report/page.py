"""The page around the sections: one HTML file that loads nothing and reads well anywhere."""

import base64
import functools
import hashlib
import html
from collections.abc import Sequence
from pathlib import Path


@functools.cache
def _assets(kind: str) -> str:
    """The style sheets or the scripts of this folder, one behind the other."""
    found = sorted(Path(__file__).parent.glob(f"*.{kind}"))
    return "\n".join(path.read_text(encoding="utf-8") for path in found)


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
    style, script = _assets("css"), _assets("js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}</title><style>{style}</style></head>\n<body><main>"
        f'<p class="kicker">{html.escape(kind)}</p><h1>{name}</h1>'
        f'<p class="soft">{html.escape(summary)}</p>\n{body}\n</main>'
        f"<script>{script}</script></body></html>\n"
    )


def charts(*figures: str) -> str:
    """Charts side by side, as many as the page is wide for; empty when all are."""
    drawn = "".join(figures)
    return f'<div class="charts">{drawn}</div>' if drawn else ""


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of escaped text; empty when there is none."""
    look = f' class="{style}"' if style else ""
    return f"<p{look}>{html.escape(text)}</p>" if text else ""
