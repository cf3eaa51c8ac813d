"""The soft answers of a fine-tuned teacher to raw text: computed once, and learned from."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from kerasbert.batches.labeled import LabeledBatches, encode_texts, predict_outputs
from kerasbert.batches.taught import TaughtBatches
from kerasbert.corpus.prepare.pieces import ReadOptions, check_any, read_documents
from kerasbert.errors import InputError
from kerasbert.files import trouble
from kerasbert.runs.fine_tuned import FineTunedRun, open_fine_tuned
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.terminal import say
from kerasbert.text import LineProblems
from kerasbert.training.kept_vectors import checksum, kept_vectors

TEXTS = 512  # answered, and written, at a time: what a killed run loses


def taught_batches(
    settings: FineTuneSettings, folder: RunFolder, train: LabeledBatches, texts: Sequence[str]
) -> TaughtBatches:
    """The labelled batches, with the texts of --corpus and what --teacher says of them.

    Its answers are kept in --vectors-cache, or in the state of the run until it ends.

    Args:
        settings: of the fine-tuning.
        folder: of the run.
        train: what is labelled.
        texts: those of --corpus, see `raw_texts`.

    Raises:
        InputError: a teacher that is for something else, or --vectors-cache cannot be written to.
    """
    assert settings.teacher is not None
    teacher = open_fine_tuned(settings.teacher)
    if teacher.pairs or train.texts.pairs:
        raise InputError("--teacher: expected single texts; raw text holds no pairs.")
    width = teacher.model.output.shape[-1]
    # Refuse what does not fit before hours of answering.
    train.head.lessons(np.zeros((1, width), np.float32), teacher.head)
    say(f"{settings.teacher} answers {len(texts):,} texts")
    where = settings.vectors_cache or folder.file("state") / "vectors"
    try:
        where.mkdir(parents=True, exist_ok=True)
        outputs = _answers(teacher, texts, where)
    except OSError as error:
        if settings.vectors_cache is None:
            raise
        raise InputError(f"--vectors-cache: {trouble(error)}") from None
    found = teacher.head.read(np.asarray(outputs, np.float32), teacher.model)
    lessons = train.head.lessons(found, teacher.head)
    encoded = encode_texts(
        [(text,) for text in texts], train.texts.tokenizer, settings.max_length, train.windows
    )
    return TaughtBatches(train, encoded, lessons, settings.seed)


def raw_texts(settings: FineTuneSettings) -> list[str]:
    """The texts of --corpus, the first --limit of them; none without --teacher.

    Raises:
        InputError: a file that cannot be read, or no text.
    """
    if settings.teacher is None:
        return []
    problems = LineProblems(skip=settings.skip_bad_lines)
    texts = []
    for text in read_documents(settings.corpus, ReadOptions(), problems):
        texts.append(text)
        if settings.limit is not None and len(texts) == settings.limit:
            break
    check_any(len(texts), settings.corpus, problems.skipped, problems.examples)
    return texts


def _answers(teacher: FineTunedRun, texts: Sequence[str], where: Path) -> np.ndarray:
    """(M, ...) float32, the outputs of the teacher's model."""
    sums = hashlib.sha256(teacher_key(teacher).encode())
    for text in texts:
        sums.update(hashlib.sha256(text.encode("utf-8", "replace")).digest())

    def answer(number: int) -> np.ndarray:
        block = texts[number * TEXTS : (number + 1) * TEXTS]
        encoded = encode_texts(
            [(text,) for text in block], teacher.tokenizer, teacher.max_length, teacher.windows
        )
        return predict_outputs(teacher.model, encoded)

    ends = [*range(TEXTS, len(texts), TEXTS), len(texts)]
    path = where / f"teacher-{sums.hexdigest()[:16]}.npy"
    return kept_vectors(path, teacher.model.output.shape[-1], ends, answer, "teacher")


def teacher_key(teacher: FineTunedRun) -> str:
    """What its answers to a text depend on, 64 hexadecimal digits."""
    model: keras.Model = teacher.model
    return checksum(
        model, teacher.tokenizer.fingerprint(), teacher.max_length, str(teacher.windows)
    )
