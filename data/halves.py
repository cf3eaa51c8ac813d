"""A set of sentence pairs: do two texts belong together? From any labelled or raw documents.

A pair is the two halves of one document (`same`) or halves of two (`other`). Every half stands in
one pair only, so nothing can be learned by remembering it.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from kerasbert.corpus import read_corpus
from kerasbert.data.splits import (
    SPLITS,
    Document,
    leave_out_near_duplicates,
    merge_same_text,
    one_line,
    order_of,
    run_command,
    write_lines,
)
from kerasbert.errors import InputError
from kerasbert.text.sentences import split_sentences

SAME, OTHER = "same", "other"


def halves(text: str, least_words: int) -> tuple[str, str] | None:
    """Cut a text between two sentences, as near to its middle as can be.

    Returns:
        both halves; None where one of them would have fewer than `least_words` words.
    """
    sentences = split_sentences(text)
    sizes = [len(sentence.split()) for sentence in sentences]
    best = None
    for cut in range(1, len(sentences)):
        shorter = min(sum(sizes[:cut]), sum(sizes[cut:]))
        if shorter >= least_words and (best is None or shorter > best[0]):
            best = shorter, cut
    if best is None:
        return None
    return " ".join(sentences[: best[1]]), " ".join(sentences[best[1] :])


def pairs(texts: Sequence[str], least_words: int) -> Iterator[tuple[str, str, str]]:
    """Yield (first half, second half, label), about as many of each label, in a fixed order."""
    found = (halves(text, least_words) for text in sorted(texts, key=order_of))
    cut = [pair for pair in found if pair is not None]
    # By a hash of the first half: whether a document is torn apart depends on nothing else.
    torn = [pair for pair in cut if int(order_of(pair[0]), 16) % 2]
    # Each second half of a torn document moves on to the next one.
    moved = [second for _, second in torn[1:] + torn[:1]] if len(torn) > 1 else []
    apart = set(torn)
    rows = [(*pair, SAME) for pair in cut if pair not in apart]
    rows += [(first, second, OTHER) for (first, _), second in zip(torn, moved, strict=False)]
    yield from sorted(rows, key=lambda pair: order_of(pair[0] + pair[1]))


def build(train: Path, valid: Path, test: Path, out: Path, least_words: int = 8) -> dict[str, int]:
    """Write train.txt, valid.txt and test.txt of pairs, and return how many pairs each has.

    Args:
        train: documents, one a line; labels at their end are dropped.
        valid: the same; what is nearly the same as a document of train is left out.
        test: the same, as for valid.
        out: the folder to write to.
        least_words: of each half.

    Raises:
        InputError: a file that cannot be read, or that has no document with two such halves.
    """
    documents = {}
    for name, path in zip(SPLITS, (train, valid, test), strict=True):
        texts = (one_line(" ".join(sentences)) for sentences in read_corpus([path]))
        documents[name] = merge_same_text(Document(text, frozenset(), text) for text in texts)
    known = [document.text for document in documents["train"]]
    result = {}
    for name, path in zip(SPLITS, (train, valid, test), strict=True):
        kept = documents[name]
        if name != "train":
            kept = leave_out_near_duplicates(kept, known)
            known += [document.text for document in kept]
        rows = list(pairs([document.text for document in kept], least_words))
        if not rows:
            raise InputError(
                f"{path}: no document has two halves of {least_words} words. Expected a document "
                "a line, of two sentences or more."
            )
        result[name] = write_lines(
            out / f"{name}.txt", (f"{a}\t{b} __label__{label}" for a, b, label in rows)
        )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """The builder as a command."""
    return run_command(build, argv)


if __name__ == "__main__":
    sys.exit(main())
