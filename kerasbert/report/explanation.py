"""The words that carry a label, marked: as a page, stronger words in stronger colour."""

import html
import os
from collections.abc import Iterator, Sequence
from typing import Any

from kerasbert.files import write_text
from kerasbert.report.page import page, paragraph
from kerasbert.visible import visible

NOTE = (
    "A mark says by how much a word raises the log-odds of the label: what changes when the text "
    "is answered without it. The strongest word of a text and label has the full colour."
)


def explanation_report(
    path: str | os.PathLike[str], title: str, explanations: Sequence[Any]
) -> None:
    """Write a page of explanations.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        explanations: with texts, answer and words, as `kerasbert.inference.explain` gives them.
    """
    body = "\n".join(_article(one) for one in explanations)
    write_text(path, page("kerasbert explanation", title, "", [("", paragraph(NOTE) + body)]))


def marked(explanation: Any, label: str) -> Iterator[tuple[str, float]]:
    """The pieces of the text and the strength of each, 0 to 1; a TAB between texts of a pair."""
    positive = [max(word.weights[label], 0.0) for word in explanation.words]
    strongest = max(positive, default=0.0) or 1.0
    for part, text in enumerate(explanation.texts):
        if part:
            yield "\t", 0.0
        at = 0
        for word, weight in zip(explanation.words, positive, strict=True):
            if word.part == part:
                yield text[at : word.start], 0.0
                yield text[word.start : word.end], weight / strongest
                at = word.end
        yield text[at:], 0.0


def _article(explanation: Any) -> str:
    parts = []
    for label in explanation.explained:
        text = "".join(
            f'<mark style="--w:{strength:.2f}">{html.escape(piece)}</mark>'
            if strength >= 0.05
            else html.escape(piece).replace("\t", " ⇥ ")
            for piece, strength in marked(explanation, label)
        )
        score = explanation.answer.get("scores", {}).get(label)
        said = f" {score:.2f}" if score is not None else ""
        parts.append(
            f'<p class="labels"><span class="right">{html.escape(visible(label))}{said}</span></p>'
            f'<p class="text">{text}</p>'
        )
    plain = html.escape(" ⇥ ".join(explanation.texts))
    nothing = f'<p class="note">no label</p><p class="text">{plain}</p>'
    return f"<article>{''.join(parts) or nothing}</article>"
