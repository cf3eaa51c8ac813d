"""Markdown of a model card: front matter, tables, and names that say nothing else than they do."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.figures import number
from kerasbert.files import to_json
from kerasbert.visible import visible


def model_card(metadata: Mapping[str, Any], title: str, sections: Sequence[tuple[str, str]]) -> str:
    """A card: YAML between two lines of dashes, a heading, and sections that are not empty.

    Args:
        metadata: plain values; what is None, or empty, is left out.
        title: as it is, such as the name of a folder.
        sections: heading and Markdown; the first may have no heading.
    """
    known = {name: value for name, value in metadata.items() if value not in (None, [], {}, "")}
    parts = [f"---\n{_yaml(known)}---", f"# {escaped(title)}"]
    for heading, text in sections:
        if text:
            parts.append(f"## {heading}\n\n{text}" if heading else text)
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[Sequence[Any]]) -> str:
    """Rows of cells, of which the first is the heading; figures have four digits."""
    lines = [[_cell(value) for value in row] for row in rows]
    lines.insert(1, ["---" if place == 0 else "---:" for place in range(len(rows[0]))])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Any text, but for line breaks, as it is: in a span of code."""
    text = visible(text)
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence, edge = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def block(text: str, language: str = "") -> str:
    """Lines of a program or of commands."""
    return f"```{language}\n{text}\n```"


def escaped(text: str) -> str:
    """A text without what Markdown or HTML would read into it."""
    return re.sub(r"([\\`*_\[\]<>|#&])", r"\\\1", visible(text))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if number(value) is not None else "-"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|")


def _yaml(value: Any, indent: str = "") -> str:
    """Mappings and lists in blocks; whatever else as JSON, which is YAML, too."""
    lines = ""
    for key, one in value.items() if isinstance(value, Mapping) else ((None, x) for x in value):
        begin = f"{indent}- " if key is None else f"{indent}{key}:"
        if isinstance(one, Mapping | list):
            inner = _yaml(one, indent + "  ")
            # The first line of a mapping stands beside the dash of its place in a list.
            lines += begin + (inner.lstrip(" ") if key is None else f"\n{inner}")
        else:
            said = visible(one) if isinstance(one, str) else one
            lines += f"{begin}{'' if key is None else ' '}{to_json(said)}\n"
    return lines
