"""A frozen encoder: it reads each text once, and the head learns from the vectors."""

import hashlib
import shutil
from collections.abc import Mapping

import keras
import numpy as np

from kerasbert.batches.encoded import EncodedTexts
from kerasbert.batches.labeled import LabeledBatches, in_order
from kerasbert.batches.padding import check_padding
from kerasbert.errors import InputError
from kerasbert.files import trouble
from kerasbert.models.frozen import answering_part, reading_part
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say
from kerasbert.training.kept_vectors import checksum, kept_vectors

TEXTS = 256  # read, and written, at a time: what a killed run loses
BATCH = 64


def head_alone(model: keras.Model) -> keras.Model:
    """The part of a fine-tuning model that learns beside a frozen encoder.

    Raises:
        InputError: the head reads more than the vector of a text.
    """
    try:
        return answering_part(model)
    except ValueError:
        raise InputError(
            f"--frozen: the head, {model.name}, reads the states of single tokens; expected one "
            "that reads the vector of a whole text. Train without --frozen."
        ) from None


def read_once(
    settings: FineTuneSettings,
    folder: RunFolder,
    model: keras.Model,
    data: Mapping[str, LabeledBatches],
) -> dict[str, LabeledBatches]:
    """The batches of each part with the vectors that the model's encoder has for their texts.

    They are kept in --vectors-cache, or in the state of the run until it ends.

    Args:
        settings: of the fine-tuning.
        folder: of the run.
        model: with the weights of --pretrained.
        data: the parts.

    Raises:
        InputError: --vectors-cache cannot be written to.
        OSError: the folder of the run cannot.
    """
    reading = reading_part(model)
    made_by = checksum(reading)
    where = settings.vectors_cache or folder.file("state") / "vectors"
    try:
        where.mkdir(parents=True, exist_ok=True)
        return {
            name: part.with_vectors(_vectors(reading, made_by, part.texts, where, name))
            for name, part in data.items()
        }
    except OSError as error:
        if settings.vectors_cache is None:
            raise
        raise InputError(f"--vectors-cache: {trouble(error)}") from None


def forget_vectors(folder: RunFolder) -> None:
    """Remove the vectors of a run that has ended."""
    shutil.rmtree(folder.file("state") / "vectors", ignore_errors=True)


def _vectors(reading: keras.Model, made_by: str, texts: EncodedTexts, where, part: str):
    """(N, P) float32, of all texts in order."""
    check_padding(reading, texts.tokenizer.special.pad)
    key = hashlib.sha256(f"{made_by} {texts.checksum()}".encode()).hexdigest()[:16]
    path, count = where / f"vectors-{key}.npy", len(texts)
    if not path.exists():
        say(f"the encoder reads {count:,} texts: {part}")

    def answer(number: int) -> np.ndarray:
        start = number * TEXTS
        vectors = np.zeros((min(TEXTS, count - start), reading.output.shape[-1]), np.float32)
        for indices, inputs in in_order(texts, BATCH, slice(start, start + TEXTS)):
            made = keras.ops.convert_to_numpy(reading.predict_on_batch(inputs))
            vectors[indices - start] = made[: len(indices)]
        return vectors

    ends = [*range(TEXTS, count, TEXTS), count]
    return kept_vectors(path, reading.output.shape[-1], ends, answer, "encoder")
