"""A pre-training goes on with another vocabulary: what that leaves of the model at its start."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.config import EncoderConfig
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.runs.folder import RunFolder
from kerasbert.tokenizer.vocabulary_change import origins
from kerasbert.training.validation import ObjectiveValidation

ROWS = 256  # held out, which are looked at


def check_any_vocabulary(architecture: EncoderConfig | None, where: str) -> None:
    """Refuse an encoder whose embedding cannot be made with another vocabulary.

    Args:
        architecture: of the run that is gone on with.
        where: the flag or folder that brings the vocabulary.

    Raises:
        InputError: naming what works.
    """
    if architecture is not None and not architecture.any_vocabulary:
        raise InputError(
            f"{where}: the backbone of this encoder ({architecture.encoder}) brings a table of its"
            " own, in which no token is changed. Go on with its vocabulary; BERT, RoBERTa,"
            " DistilBERT, ELECTRA and ModernBERT can take another."
        )


def origins_of(source: RunFolder, store: TokenStore) -> list[list[int]] | None:
    """From which tokens of a run those of a store begin; None where they are the same."""
    before = source.tokenizer()
    if before.fingerprint() == store.tokenizer.fingerprint():
        return None
    return origins(before, store.tokenizer)


def at_the_start(
    source: RunFolder,
    model: keras.Model,
    pooling: str,
    valid: Mapping[Any, PretrainingBatches],
) -> dict[str, Any]:
    """What a model with a changed vocabulary still knows, on held-out rows.

    Args:
        source: the run whose weights it begins with.
        model: before its first step.
        pooling: of states to the vector of a text.
        valid: batches of the held-out part, by objective.

    Returns:
        "cosine", the mean cosine between the vectors that the encoder has for a text with the old
        vocabulary and with the new one, and "figures", those of the objectives.
    """
    batches = next(iter(valid.values()))
    table = batches.blocks.table(np.arange(min(len(batches.blocks.rows), ROWS)))
    ids = [
        table.text.token_ids[start:end]
        for start, end in zip(table.starts[:ROWS], table.ends[:ROWS], strict=True)
    ]
    texts = [(text,) for text in batches.store.tokenizer.decode(ids)]
    length = batches.max_length
    old = Embedder(source.path, pooling, min(length, source.trained_length(length)))
    new = Embedder.of_model(model, batches.store.tokenizer, pooling, length)
    before, after = (_unit(one.pooled(texts)) for one in (old, new))
    figures = ObjectiveValidation(valid, rows=ROWS).scores(model)
    return {
        "cosine": round(float(np.nanmean((before * after).sum(axis=1))), 4),
        "figures": {name: round(float(value), 4) for name, value in figures.items()},
    }


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
