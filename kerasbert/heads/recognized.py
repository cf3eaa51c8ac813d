"""Which head labelled documents are for, where nobody said it."""

from collections import Counter
from collections.abc import Sequence

from kerasbert.choices import HeadName
from kerasbert.errors import InputError
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.kinds import LabelTally
from kerasbert.text.labeled import numbers_among
from kerasbert.text.numbers import names_note


def recognized_head(documents: Sequence[LabeledDocument], name: str) -> tuple[HeadName, str | None]:
    """The head by the labels of the training data, and what is to be said of that.

    Args:
        documents: of the training data, with labels as they are written.
        name: of their file.

    Raises:
        InputError: the labels are numbers, and it is not clear what they are for.
    """
    found = numbers_among(documents)
    if found is None:
        tally = LabelTally(documents)
        return "classification", names_note(tally.counts, not tally.odd)
    counts = Counter(document.labels for document in documents)
    such = ", ".join(labels[0] for labels in list(counts)[:3])
    if found == "unclear":
        raise InputError(
            f"{name}: the labels are {len(counts):,} different numbers ({such} ...), most of them"
            " whole ones. To predict numbers, say --head regression; if they are names of classes,"
            " --head classification."
        )
    return "regression", (
        f"the labels are {len(counts):,} different numbers ({such} ...): they are predicted as"
        " numbers, as with --head regression. If they are names of classes, say --head"
        " classification"
    )
