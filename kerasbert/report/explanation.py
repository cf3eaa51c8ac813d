"""What speaks for and against an answer, marked in its text: as a page, and on a terminal."""

import html
import os
from collections.abc import Iterator, Sequence
from typing import Any

from kerasbert.files import write_text
from kerasbert.report.page import page, paragraph
from kerasbert.visible import visible

NOTE = (
    "A mark says by how much a word raises the log-odds of the label (for it), or lowers them "
    "(against it, underlined): what changes when the text is answered without it. The strongest "
    "word of a text and label has the full colour. Pale text was not read: it lies beyond the "
    "length of the run."
)
_WORDS = 5  # named below a text on the terminal


def explanation_report(
    path: str | os.PathLike[str], title: str, explanations: Sequence[Any]
) -> None:
    """Write a page of explanations.

    Args:
        path: the file to write, whole or not at all.
        title: its heading.
        explanations: `Explanation`s of `kerasbert.inference.explain`.
    """
    body = "\n".join(_article(one) for one in explanations)
    write_text(path, page("kerasbert explanation", title, "", [("", paragraph(NOTE) + body)]))


def marked(explanation: Any, name: str) -> Iterator[tuple[str, float | None]]:
    """The pieces of the text and how much each says, -1 to 1; a TAB between texts of a pair.

    None is the strength of what was not read.
    """
    weights = [word.weights[name] for word in explanation.words]
    strongest = max(map(abs, weights), default=0.0) or 1.0
    for part, (text, end) in enumerate(zip(explanation.texts, explanation.read, strict=True)):
        if part:
            yield "\t", 0.0
        at = 0
        for word, weight in zip(explanation.words, weights, strict=True):
            if word.part == part:
                yield text[at : word.start], 0.0
                yield text[word.start : word.end], weight / strongest
                at = word.end
        yield text[at : max(at, end)], 0.0
        yield text[max(at, end) :], None


def _explained(explanation: Any) -> Iterator[tuple[str, str, float | None]]:
    """What is explained: its name, "" or "runner-up", and its score where it has one."""
    for names, answer, kind in (
        (explanation.explained, explanation.answer, ""),
        (explanation.next_explained, explanation.runner_up or {}, "runner-up"),
    ):
        for name in names:
            yield name, kind, answer.get("scores", {}).get(name)


def show_explanation(explanation: Any) -> None:
    """On standard error: the text for each label, marked, and its words for and against it."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    found = list(_explained(explanation))
    if not any(not kind for _, kind, _ in found):
        console.print(Text("no answer: ", "bold").append(" | ".join(explanation.texts), "not bold"))
    for name, kind, score in found:
        said = f"{kind} {visible(name)}".strip() + ("" if score is None else f" {score:.2f}")
        line = Text(f"{said}: ", style="bold")
        for piece, strength in marked(explanation, name):
            line.append(piece, style=_style(strength))
        console.print(line)
        for side, words in (
            ("for", explanation.strongest(name, _WORDS)),
            ("against", explanation.against(name, _WORDS)),
        ):
            if words:
                told = ", ".join(f"{visible(one['word'])} {one['weight']:+.2f}" for one in words)
                console.print(Text(f"  {side}: {told}", style="dim"))
    if explanation.cut:
        read = " and ".join(f"{end:,}" for end in explanation.read)
        of = " and ".join(f"{len(text):,}" for text in explanation.texts)
        console.print(Text(f"  read: {read} of {of} characters", style="dim"))


def _style(strength: float | None) -> str:
    if strength is None:
        return "not bold dim"
    if strength < -1 / 3:
        return "not bold black on cyan" if strength < -2 / 3 else "not bold cyan"
    if strength > 1 / 3:
        return "not bold black on yellow" if strength > 2 / 3 else "not bold yellow"
    return "not bold"


def _article(explanation: Any) -> str:
    parts = []
    for name, kind, score in _explained(explanation):
        look = "soft" if kind else "right"
        said = "" if score is None else f" {score:.2f}"
        label = f'<span class="{look}">{html.escape(visible(name))}{said}</span>'
        text = "".join(_piece(*one) for one in marked(explanation, name))
        parts.append(
            f'<p class="labels">{label}{f" {kind}" if kind else ""}</p><p class="text">{text}</p>'
        )
    if not explanation.explained:
        plain = html.escape(" ⇥ ".join(explanation.texts))
        text = "" if parts else f'<p class="text">{plain}</p>'
        parts.insert(0, f'<p class="note">no answer</p>{text}')
    return f"<article>{''.join(parts)}</article>"


def _piece(piece: str, strength: float | None) -> str:
    shown = html.escape(piece).replace("\t", " ⇥ ")
    if strength is None:
        return f'<span class="unread">{shown}</span>' if piece else ""
    if abs(strength) < 0.05:
        return shown
    against = ' class="against"' if strength < 0 else ""
    return f'<mark{against} style="--w:{abs(strength):.2f}">{shown}</mark>'
