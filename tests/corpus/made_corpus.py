"""A small corpus, and a preparing that is stopped."""

import pytest

from kerasbert.corpus.prepare.prepare_store import prepare_store

LINES = [
    "The cat sat on the mat. The dog sat on the log.",
    "Cats and dogs sat. __label__animal",
    "",
    "我来到北京清华大学。北京大学在北京。",
    "The cat sat on the mat.  The dog sat on the log.",
]
TEXT = "\n".join(LINES * 2)


def contents(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


def stopped_after(pieces, corpus, out, **arguments):
    """Interrupt the work when so many pieces are done."""
    calls = []

    def interrupt(done, total):
        calls.append(done)
        if len(calls) > pieces:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_store(corpus, out, vocabulary_size=200, progress=interrupt, **arguments)
