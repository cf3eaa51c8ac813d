"""From files to token ids: readers, tokenizers, labels, the token store. No Keras here."""

from kerasbert.text.documents import LabeledDocument, read_labeled
from kerasbert.text.kinds import check_kind, infer_kind
from kerasbert.text.labels import LabelSet
from kerasbert.text.lines import LineProblems
from kerasbert.text.pieces import read_corpus
from kerasbert.text.prepare import prepare_store
from kerasbert.text.store import TokenStore
from kerasbert.text.tokenizer import Tokenizer
from kerasbert.text.tokenizer_training import train_tokenizer

__all__ = [
    "LabelSet",
    "LabeledDocument",
    "LineProblems",
    "TokenStore",
    "Tokenizer",
    "check_kind",
    "infer_kind",
    "prepare_store",
    "read_corpus",
    "read_labeled",
    "train_tokenizer",
]
