"""Tagging: spans of words with types, see `kerasbert.heads.tagging.head`."""
