"""What one would use instead of a network: a CRF on hand-made features of words."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from kerasbert.evaluation.entities import entity_figures
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.tag_schemes import parse_tags, spans_of, to_spans
from kerasbert.text.words import SplitText

NAME = "CRF on words"
QUICK = 400_000  # words times types that take half a minute or so
PENALTIES = (0.01, 0.1, 1.0)  # L2
ROUNDS = 100


def crf_rival(documents: Mapping[str, Sequence[LabeledDocument]], quick: bool) -> dict[str, Any]:
    """A linear-chain CRF, trained on "train", its penalty chosen on "valid", judged on all others.

    Its features are those of a word (its form, its ends, its shape, letters and digits) and the
    form and shape of two words on each side.

    Args:
        documents: of each part.
        quick: leave it out where it takes longer than half a minute or so.

    Returns:
        name, valid and test (each with the figures) and seconds; or name and reason.

    Source: Lafferty et al. 2001; the features are those that Tkachenko and Simanovsky 2012,
    https://aclanthology.org/W12-0610 (KONVENS), compare as local ones.
    """
    try:
        import sklearn_crfsuite
    except ImportError:
        return {"name": NAME, "reason": "it needs sklearn-crfsuite: pip install 'kerasbert[rival]'"}
    began = time.perf_counter()
    tags = {name: [list(d.labels) for d in part] for name, part in documents.items()}
    kinds = {tag for one in tags["train"] for tag in one}
    words = sum(map(len, tags["train"]))
    if quick and words * len(kinds) > QUICK * 3:
        return {
            "name": NAME,
            "reason": f"{words:,} words would take it minutes: --rival asks for it",
        }
    features = {name: [_features(d) for d in part] for name, part in documents.items()}
    others = [name for name in documents if name != "train"]
    best, figures = -1.0, {}
    for penalty in PENALTIES:
        model = sklearn_crfsuite.CRF(
            algorithm="lbfgs", c1=0.0, c2=penalty, max_iterations=ROUNDS,
            all_possible_transitions=True,
        )  # fmt: skip
        model.fit(features["train"], tags["train"])
        made = {name: _judged(model.predict(features[name]), tags[name]) for name in others}
        if made["valid"]["entity_f1"] > best:
            best, figures = made["valid"]["entity_f1"], made
    return {"name": NAME, **figures, "seconds": time.perf_counter() - began}


def _judged(found: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]) -> dict[str, Any]:
    right = sum(sum(map(str.__eq__, one, tags)) for one, tags in zip(found, gold, strict=True))
    words = sum(map(len, gold))
    figures = entity_figures([spans_of(tags) for tags in gold], [_legal(one) for one in found])
    return figures | {"token_accuracy": right / words if words else 0.0}


def _legal(tags: Sequence[str]) -> list[Any]:
    """The spans of tags in which an I may stand where a B should, read as `seqeval` does."""
    parsed = parse_tags(list(tags))
    mended, before = [], ("O", "")
    for prefix, kind in parsed:
        prefix = "B" if prefix == "I" and before[1] != kind else prefix
        mended.append((prefix, kind))
        before = (prefix, kind)
    return to_spans(mended, "BIO")


def _features(document: LabeledDocument) -> list[dict[str, Any]]:
    (text,) = document.texts
    assert isinstance(text, SplitText)
    words = [text[start:end] for start, end in text.spans]
    alone = [(word.lower(), _shape(word)) for word in words]
    made = []
    for at, word in enumerate(words):
        form, shape = alone[at]
        found: dict[str, Any] = {
            "bias": 1.0,
            "form": form,
            "shape": shape,
            "prefix2": form[:2],
            "prefix3": form[:3],
            "suffix2": form[-2:],
            "suffix3": form[-3:],
            "capital": word[:1].isupper(),
            "capitals": word.isupper(),
            "digits": any(one.isdigit() for one in word),
            "mark": not any(one.isalnum() for one in word),
        }
        for step in (-2, -1, 1, 2):
            if 0 <= at + step < len(words):
                found[f"form{step:+d}"], found[f"shape{step:+d}"] = alone[at + step]
            else:
                found[f"edge{step:+d}"] = True
        made.append(found)
    return made


def _shape(word: str) -> str:
    """A letter for each run of capitals, other letters, digits and marks: `McDonald7` is AaAa0."""
    shape = ""
    for one in word:
        sign = "A" if one.isupper() else "a" if one.isalpha() else "0" if one.isdigit() else "-"
        if not shape.endswith(sign):
            shape += sign
    return shape
