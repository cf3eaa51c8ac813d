"""A `tokenizer.json` of the tokenizers library: reading, training, what is unknown to it."""

from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.training import train_tokenizer

__all__ = ["Tokenizer", "train_tokenizer"]
