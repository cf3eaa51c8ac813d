"""Batches for training: each a pure function of (seed, step), as numpy arrays."""

from kerasbert.batches.encoded import EncodedTexts, WindowedTexts, Windows
from kerasbert.batches.joint import JointBatches
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.batches.stream import stream

__all__ = [
    "EncodedTexts",
    "JointBatches",
    "LabeledBatches",
    "PretrainingBatches",
    "WindowedTexts",
    "Windows",
    "stream",
]
