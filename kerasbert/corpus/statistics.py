"""What labelled files are like: how many documents and labels, how long, how balanced."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasbert.heads.classification.linear_svc import TOKEN_PATTERN
from kerasbert.visible import visible

_WORD = re.compile(TOKEN_PATTERN)


def count_words(texts: Sequence[str]) -> int:
    """The words of a text or a pair; each character, where nothing separates words."""
    return sum(len(_WORD.findall(text)) for text in texts)


def part_statistics(
    lengths: Sequence[int], label_numbers: Sequence[int], counts: Mapping[str, int], length: int
) -> dict[str, Any]:
    """The numbers of one file.

    Args:
        lengths: words of each document.
        label_numbers: labels of each document.
        counts: documents of each label.
        length: beyond which a text counts as long.
    """
    words, numbers = np.array(lengths), np.array(label_numbers)
    most, times = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return {
        "documents": len(words),
        "labels": len(counts),
        "labels_a_document": round(float(numbers.mean()), 2),
        "most_frequent_label": most,
        "most_frequent_share": round(times / len(words), 4),
        "median_words": int(np.median(words)),
        "words_of_95_percent": int(np.quantile(words, 0.95, method="higher")),
        "longer_than": length,
        "longer_share": round(float((words > length).mean()), 4),
    }


def statistics_table(parts: Mapping[str, Mapping[str, Any]]) -> list[list[Any]]:
    """Rows for people, a column a file; only those that say something."""
    some = next(iter(parts.values()))

    def row(text: str, name: str, form: str = "{:,}") -> list[Any]:
        return [text, *(form.format(part[name]) for part in parts.values())]

    rows = [["", *parts], row("documents", "documents"), row("labels", "labels")]
    if any(part["labels_a_document"] != 1 for part in parts.values()):
        rows.append(row("labels a document", "labels_a_document"))
    rows += [
        [
            "most frequent label",
            *(
                f"{visible(part['most_frequent_label'])} {part['most_frequent_share']:.0%}"
                for part in parts.values()
            ),
        ],
        row("words, median", "median_words"),
        row("words, 95% have at most", "words_of_95_percent"),
    ]
    if any(part["longer_share"] for part in parts.values()):
        rows.append(row(f"longer than {some['longer_than']:,} words", "longer_share", "{:.1%}"))
    return rows
