"""From files to token ids: readers, tokenizers, labels, the token store. No Keras here."""

from kerasbert.text.data import as_documents
from kerasbert.text.documents import LabeledDocument
from kerasbert.text.fields import Fields
from kerasbert.text.kinds import infer_kind
from kerasbert.text.labeled import read_labeled
from kerasbert.text.labels import LabelSet
from kerasbert.text.lines import LineProblems

__all__ = [
    "Fields",
    "LabelSet",
    "LabeledDocument",
    "LineProblems",
    "as_documents",
    "infer_kind",
    "read_labeled",
]
