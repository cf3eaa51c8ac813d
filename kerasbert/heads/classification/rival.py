"""TF-IDF + LinearSVC on the documents of a run: its figures, or why there are none."""

import re
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from kerasbert.choices import RuleName
from kerasbert.heads.classification.linear_svc import (
    NAME,
    TOKEN_PATTERN,
    linear_svc_baseline,
    linear_svc_on_vectors,
)
from kerasbert.heads.pair_vectors import Embed, features, sides
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.labels import LabelSet

# Words times labels of the training texts. Of csldcp (361,000 x 67) 24 million took 3 s of a
# core, of 2,000 documents of debtags 29 million 4 s; all of debtags, 340 million, minutes.
MOST_WORK = 100_000_000


def rival_of_labels(
    labels: LabelSet,
    kind: str,
    documents: Mapping[str, Sequence[LabeledDocument]],
    rule: RuleName | None = None,
    top_k: int | None = None,
    quick: bool = False,
) -> dict[str, Any]:
    """What `Head.rivals` has of each.

    Args:
        labels: of training.
        kind: "multi-label", "multi-class" or "binary".
        documents: of "train", "valid" and, where there is one, "test".
        rule: see `linear_svc_baseline`, as for `top_k`.
        top_k: labels a document.
        quick: leave it out where there is much to do.
    """
    if find_spec("sklearn") is None:
        return _left_out("it needs scikit-learn: pip install 'kerasbert[rival]'")
    texts = {name: [" ".join(d.texts) for d in part] for name, part in documents.items()}
    if quick and (work := _words(texts["train"]) * len(labels)) > MOST_WORK:
        return _left_out(
            f"it would take minutes ({work // 10**6:,} million words x labels, the most that is"
            f" quick is {MOST_WORK // 10**6}): --rival trains it all the same"
        )
    gold = {name: labels.encode(part) for name, part in documents.items()}
    unseen = {name: sum(labels.unseen(part).values()) for name, part in documents.items()}
    found = linear_svc_baseline(
        texts["train"], gold["train"], texts["valid"], gold["valid"], texts.get("test"),
        gold.get("test"), kind=kind, unseen_valid=unseen["valid"],
        unseen_test=unseen.get("test", 0), rule=rule, top_k=top_k,
    )  # fmt: skip
    return found or _left_out("no text for training has a word and a label")


def vector_rival_of_labels(
    labels: LabelSet,
    kind: str,
    documents: Mapping[str, Sequence[LabeledDocument]],
    name: str,
    embed: Embed,
    rule: RuleName | None = None,
    top_k: int | None = None,
) -> dict[str, Any]:
    """What `Head.vector_rivals` has: the same SVM on the vectors of an encoder."""
    name = f"vectors of {name} + LinearSVC"
    if find_spec("sklearn") is None:
        return {"name": name, "reason": "it needs scikit-learn: pip install 'kerasbert[rival]'"}
    began = time.perf_counter()
    found = linear_svc_on_vectors(
        name,
        {part: features(sides(embed, [d.texts for d in docs])) for part, docs in documents.items()},
        {part: labels.encode(docs) for part, docs in documents.items()},
        kind,
        {part: sum(labels.unseen(docs).values()) for part, docs in documents.items()},
        rule,
        top_k,
    )
    return found | {"seconds": time.perf_counter() - began}


def _left_out(reason: str) -> dict[str, Any]:
    return {"name": NAME, "reason": reason}


def _words(texts: Sequence[str]) -> int:
    pattern = re.compile(TOKEN_PATTERN)
    return sum(len(pattern.findall(text)) for text in texts)
