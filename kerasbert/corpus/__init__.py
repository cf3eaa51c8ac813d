"""From raw text to a token store: readers, cleaning, engines, shards. No Keras here."""

from kerasbert.corpus.prepare.pieces import read_corpus
from kerasbert.corpus.prepare.prepare_store import prepare_store
from kerasbert.corpus.store.token_store import TokenStore

__all__ = ["TokenStore", "prepare_store", "read_corpus"]
