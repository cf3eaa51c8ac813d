"""The encoder of a run alone: texts to vectors."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import keras
import numpy as np

from kerasbert.batches.encoded import EncodedTexts
from kerasbert.batches.labeled import in_order
from kerasbert.batches.padding import check_padding
from kerasbert.errors import InputError
from kerasbert.layers import Pooling
from kerasbert.models import build_encoder_model
from kerasbert.runs.folder import RunFolder
from kerasbert.text.inputs import as_rows, is_empty
from kerasbert.tokenizer.tokenizer import Tokenizer


class Embedder:
    """Embedding and encoder of a pre-trained or fine-tuned run, with their tokenizer.

    The vectors of [CLS] and [SEP] are always among the states: at the positions of a text and in
    its mean and maximum, as in training.

    Attributes:
        width: D, of a state; a pooled vector has 2D for "mean-max".
        max_length: positions of the longest text; longer ones are cut.
        truncated: how many texts were cut so far.

    Args:
        run: the folder of the run.
        pooling: "cls", "mean", "max" or "mean-max".
        max_length: positions of the longest text; those of the run unless given.

    Raises:
        InputError: no finished run, or `max_length` is beyond the learned positions.
    """

    def __init__(self, run: str | Path, pooling: str = "mean", max_length: int | None = None):
        folder = RunFolder.open(run)
        config = folder.config()
        self.tokenizer = folder.tokenizer(as_trained=True)
        self.max_length: int = max_length or config["settings"]["max_length"]
        architecture = folder.architecture()
        if (
            architecture is not None
            and architecture.positions == "learned"
            and self.max_length > architecture.max_positions
        ):
            raise InputError(
                f"{run}: the encoder has {architecture.max_positions} positions, received a "
                f"max_length of {self.max_length}. Give a smaller one."
            )
        self.truncated = 0
        self._take(folder.load_model(), pooling)

    @classmethod
    def of_model(
        cls, model: keras.Model, tokenizer: Tokenizer, pooling: str, max_length: int
    ) -> "Embedder":
        """That of a model with layers "embedding" and "encoder", which no run holds yet."""
        made = cls.__new__(cls)
        made.tokenizer, made.max_length, made.truncated = tokenizer, max_length, 0
        made._take(model, pooling)
        return made

    def _take(self, model: keras.Model, pooling: str) -> None:
        check_padding(model, self.tokenizer.special.pad)
        embedding, encoder = model.get_layer("embedding"), model.get_layer("encoder")
        self.model = build_encoder_model(embedding, encoder, Pooling(pooling, name="embed_pooling"))
        self.width: int = self.model.output["sequence"].shape[-1]
        self.pooled_width: int = self.model.output["pooled"].shape[-1]

    def pooled(self, texts: Sequence[tuple[str, ...]], batch_size: int = 64) -> np.ndarray:
        """(N, D) float32, a vector for each text, in order; NaN for one that is empty."""
        vectors = np.full((len(texts), self.pooled_width), np.nan, np.float32)
        for indices, outputs, _ in self._outputs(texts, batch_size):
            vectors[indices] = np.asarray(outputs["pooled"])[: len(indices)]
        return vectors

    def states(self, texts: Sequence[tuple[str, ...]], batch_size: int = 64) -> list[np.ndarray]:
        """For each text (its positions, D) float32, [CLS] first; no position if it is empty."""
        states = [np.empty((0, self.width), np.float32)] * len(texts)
        for indices, outputs, lengths in self._outputs(texts, batch_size):
            sequence = np.asarray(outputs["sequence"], np.float32)
            for row, (index, length) in enumerate(zip(indices, lengths, strict=True)):
                states[index] = sequence[row, :length].copy()
        return states

    def _outputs(
        self, texts: Sequence[tuple[str, ...]], batch_size: int
    ) -> Iterator[tuple[np.ndarray, dict, np.ndarray]]:
        rows = as_rows(texts)
        full = np.array([place for place, row in enumerate(rows) if not is_empty(row)], np.int64)
        encoded = EncodedTexts([rows[place] for place in full], self.tokenizer, self.max_length)
        self.truncated += encoded.truncated
        for indices, inputs in in_order(encoded, batch_size):
            yield full[indices], self.model.predict_on_batch(inputs), encoded.lengths[indices]
