"""The quick part of the audit, for documents in memory: what a training says before it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fingerprints import nearly_key, same_key
from kerasbert.text.kinds import LabelTally
from kerasbert.text.look_alikes import same_look, same_word
from kerasbert.visible import visible


def leaks(documents: Mapping[str, Sequence[LabeledDocument]]) -> list[str]:
    """Held-out texts that stand in train, and others that do but for digits and punctuation.

    Args:
        documents: by part, "train" among them.

    Returns:
        a sentence for each part that has any of the former, and of the latter.
    """
    same, nearly = _by_key(documents, same_key), _by_key(documents, nearly_key)
    first = {key: document.line for key, document in reversed(same["train"])}
    first_nearly = {key: document.line for key, document in reversed(nearly["train"]) if key}
    sentences = []
    for name in ("valid", "test"):
        found = [(d.line, first[key]) for key, d in same.get(name, ()) if key in first]
        other = [
            (d.line, first_nearly[key])
            for (key, d), (exact, _) in zip(nearly.get(name, ()), same.get(name, ()), strict=True)
            if key in first_nearly and exact not in first
        ]
        if found:
            sentences.append(
                f"warning: {len(found):,} of {len(documents[name]):,} texts of {name} stand in "
                f"train, too (line {found[0][0]} is line {found[0][1]} of train), which flatters "
                "its figures. `kerasbert audit` says more."
            )
        if other:
            sentences.append(
                f"{len(other):,} of {len(documents[name]):,} texts of {name} differ from one of "
                f"train in digits or punctuation only (line {other[0][0]} from line {other[0][1]})"
            )
    return sentences


def look_alikes_note(documents: Mapping[str, Sequence[LabeledDocument]]) -> str | None:
    """A sentence on labels that are most likely one label written in several ways, if any."""
    counts: Counter[str] = Counter()
    places: dict[str, str] = {}
    for name, part in documents.items():
        tally = LabelTally(part)
        counts.update(tally.counts)
        for label, line in tally.first.items():
            places.setdefault(label, f"{name} line {line}")
    groups = same_look(counts) + same_word(counts)
    if not groups:
        return None
    group = " and ".join(f"{visible(n)} ({counts[n]}, {places[n]})" for n in groups[0])
    more = f"; {len(groups)} such groups in all" if len(groups) > 1 else ""
    return (
        f"warning: labels that look alike count as different ones: {group}{more}. "
        "`kerasbert audit` lists them."
    )


def _by_key(
    documents: Mapping[str, Sequence[LabeledDocument]], key: Callable[[Sequence[str]], int]
) -> dict[str, list[tuple[int, LabeledDocument]]]:
    return {name: [(key(d.texts), d) for d in part] for name, part in documents.items()}
