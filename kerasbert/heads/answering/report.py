"""Sections of the report of a run that answers questions."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.heads.answering.words import threshold_sentence
from kerasbert.report.browser import Filters, Shown, Tag, document_browser
from kerasbert.report.figures import NAMES, Sections, browsed, figure_curves, judged_on, run_tiles
from kerasbert.report.page import paragraph
from kerasbert.report.rival import rival_rows, rival_text
from kerasbert.report.tables import Row, table, tiles

FILTERS = Filters(
    {
        "overlap": "overlaps the right one",
        "elsewhere": "has nothing in common with it",
        "silent": "no answer where there is one",
        "asked": "an answer where there is none",
    },
    "question word",
)
KEY = (
    '<p class="note labels">Answers: <span class="right">the right one</span>'
    '<span class="wrong">what was answered</span> with its probability. In a context the darker'
    " mark is what was answered, the lighter one what is right.</p>"
)
AROUND = 160  # characters of a context that are shown on both sides of what is marked


def answer_sections(
    names: Mapping[str, str],
    history: Sequence[Row],
    metrics: Mapping[str, Any],
    rows: Mapping[str, Sequence[Row]],
) -> Sections:
    """What a run says of answers.

    Args:
        names: of the figures, as people call them.
        history: a row an epoch.
        metrics: what metrics.json holds, or `evaluate` gave.
        rows: "question_words" and "lengths" (exact_match, f1 and documents of each group), and
            "worst" and "counts", of `question_rows`.
    """
    split = judged_on(metrics)
    figures = metrics.get(split) or {}
    shown = {f"{NAMES[split]} {text}": figures.get(name) for name, text in names.items()}
    headings = {**names, "documents": "questions"}
    on = NAMES[browsed(metrics)]
    bars = list(names)
    groups = {"question_words": "question", "lengths": "answer"}
    made: Sections = [
        ("", tiles(shown | run_tiles(metrics))),
        ("", _parts(names, metrics) + paragraph(threshold_sentence(metrics))),
    ]
    if history:
        made.append(("Curves", figure_curves(names, history, metrics)))
    made += [
        (
            f"By {'question word' if name == 'question_words' else 'length of the answer'},"
            f" on {on} data",
            table(rows.get(name, ()), {column: column, **headings}, bars=bars),
        )
        for name, column in groups.items()
    ]
    made.append((f"Questions with another answer, of {on} data", _worst(rows)))
    return made


def _parts(names: Mapping[str, str], metrics: Mapping[str, Any]) -> str:
    parts = []
    for split, text in NAMES.items():
        if split not in metrics:
            continue
        parts.append({**metrics[split], "data": text})
        for kind in ("answerable", "unanswerable"):
            if found := metrics[split].get(kind):
                parts.append({**found, "data": f"{text}, {kind} questions"})
    parts += rival_rows(metrics)
    headings = {"data": "data", **names, "loss": "loss", "documents": "questions"}
    return table(parts, headings) + paragraph(rival_text(metrics), "note")


def _worst(rows: Mapping[str, Sequence[Row]]) -> str:
    worst = rows.get("worst", ())
    if not worst:
        return paragraph("Every answer is right.")
    (counts,) = rows["counts"]
    said = f"{counts['mistakes']:,} of {counts['documents']:,} questions got another answer"
    if len(worst) < counts["mistakes"]:
        said += f"; this page has {len(worst):,} of these"
    said += ": the least like the right one first, of these the surest."
    return paragraph(said) + document_browser([_shown(row) for row in worst], FILTERS, key=KEY)


def _shown(row: Row) -> Shown:
    """A question with both answers as tags, found by its question word."""
    place = f"question {row['id']}" if row.get("id") else f"line {row['line']}"
    sure = row.get("probability")
    answered, right = row["answer"] or "no answer", list(dict.fromkeys(row["gold"]))
    kind = "overlap" if row["f1"] else "elsewhere"
    if row["answer"] is None or not right:
        kind = "silent" if row["answer"] is None else "asked"
    tags = [Tag(one, "right") for one in right or ["no answer"]]
    tags.append(Tag(answered, "wrong", "" if sure is None else f"{sure:.2f}"))
    context = marked_context(row["context"], row["said"], row["right"])
    return Shown(
        place,
        [row["question"]],
        f"F1 {row['f1']:.3f}",
        tags,
        {kind: [row["word"]]},
        drawn=f'<p class="text"><b>{html.escape(row["question"])}</b></p>'
        f'<p class="text">{context}</p>',
    )


def marked_context(context: str, said: Sequence[int] | None, right: Sequence[Sequence[int]]) -> str:
    """A context as HTML, with marks, without what is far from them.

    Args:
        context: the text.
        said: first character and end of the model's answer, if it gave one.
        right: those of the right ones.
    """
    kinds = [0] * len(context)
    for begin, end in right:
        kinds[begin:end] = [1] * (end - begin)
    if said is not None:
        begin, end = said
        kinds[begin:end] = [2 + (kind == 1) for kind in kinds[begin:end]]
    shown = [False] * len(context)
    spans = [*right, *([said] if said is not None else [])] or [(0, 0)]
    for begin, end in spans:
        for place in range(max(0, begin - AROUND), min(len(context), end + AROUND)):
            shown[place] = True
    parts, start = [], 0
    while start < len(context):
        end = start
        while end < len(context) and (kinds[end], shown[end]) == (kinds[start], shown[start]):
            end += 1
        parts.append(_piece(context[start:end], kinds[start]) if shown[start] else " … ")
        start = end
    return "".join(parts)


def _piece(text: str, kind: int) -> str:
    shown = html.escape(text)
    return f'<mark style="--w:{(0, 0.35, 0.8, 1)[kind]}">{shown}</mark>' if kind else shown
