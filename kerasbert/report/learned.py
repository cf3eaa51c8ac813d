"""What pre-training has learned, in words that people can judge."""

import html
from collections.abc import Mapping, Sequence

from kerasbert.report.page import paragraph
from kerasbert.report.tables import Row, table

GUESSING = (
    "One word of each text was hidden. Behind it are the model's five best guesses with their "
    "probability; one that is right is green."
)
NEAR = (
    "Words of the corpus, frequent and less so, and those whose embeddings point the same way most "
    "(cosine)."
)


def guessed_words(rows: Sequence[Row]) -> str:
    """Sentences with a hidden word, and what it was taken for; empty without rows."""
    articles = "\n".join(
        f'<article><p class="text" dir="auto">{html.escape(row["before"])} '
        f'<mark style="--w:.7">{html.escape(row["word"])}</mark> {html.escape(row["after"])}</p>'
        f'<p class="labels">{_guesses(row["guesses"], row["word"])}</p></article>'
        for row in rows
    )
    return paragraph(GUESSING) + articles if articles else ""


def nearest_words(rows: Sequence[Row]) -> str:
    """A table of words; empty without rows."""
    shown = [
        {
            "word": row["word"],
            "nearest": ", ".join(f"{w} {c:.2f}" for w, c in row["nearest"].items()),
        }
        for row in rows
    ]
    found = table(shown, {"word": "word", "nearest": "nearest"}, texts=("nearest",))
    return paragraph(NEAR) + found if found else ""


def _guesses(guesses: Mapping[str, float], word: str) -> str:
    return "".join(
        f"<span{' class=right' if guess == word else ''}>{html.escape(guess)} <i>{p:.2f}</i></span>"
        for guess, p in guesses.items()
    )
