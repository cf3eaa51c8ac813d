"""A small corpus, and small pieces of it."""

import pytest
from made_corpus import TEXT

from kerasbert.corpus.prepare import prepare_store as prepare


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of a few documents, and shards of few tokens."""
    monkeypatch.setattr(prepare, "PIECE_BYTES", 150)
