"""What a pre-training trains: the architecture, the compiled model, and what its run will take."""

from dataclasses import replace
from typing import Any

import keras

from kerasbert.batches.pretraining import PretrainingBatches
from kerasbert.config import SIZES, EncoderConfig
from kerasbert.corpus.store.token_store import TokenStore
from kerasbert.figures import counted
from kerasbert.layers import Pooling
from kerasbert.models import (
    begin_with_vectors,
    build_embedding,
    build_encoder,
    build_pretrain_model,
    compile_pretrain,
)
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.defaults import pooling_of, pretraining_dropout, pretraining_rate
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.terminal import say
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.tokenizer.word_vectors import WordVectors, fit_dimension, read_word_vectors
from kerasbert.training.changed_vocabulary import check_any_vocabulary
from kerasbert.training.optimizers import WarmupDecay, build_optimizer
from kerasbert.training.precision import computing_in
from kerasbert.training.proposal import Workload, expect, matrix_rate, propose_size

LONG_WORD = 5  # tokens; a language without spaces may have sentences for words


def choose_architecture(
    settings: PretrainSettings, folder: RunFolder, source: RunFolder | None, store: TokenStore
) -> Any:
    """That of the interrupted run, of --pretrained, of the settings, or what suits --minutes."""
    if folder.file("config.json").exists():
        return folder.architecture()
    if source is None:
        tokenizer = store.tokenizer
        asked = settings.architecture(tokenizer.vocabulary_size, tokenizer.special.pad)
        if settings.minutes is None or settings.size is not None or settings.d_model is not None:
            return asked
        size, reason = propose_size(
            asked, workload(settings), matrix_rate(), 60 * settings.minutes, store.tokens
        )
        say(f"--size {size} suits {counted(settings.minutes, 'minute')}: {reason}")
        return replace(asked, d_model=SIZES[size])
    known = source.architecture()
    assert known is not None  # refused before
    tokens = store.tokenizer.vocabulary_size
    if tokens != known.vocabulary_size:
        check_any_vocabulary(known, str(store.path))
    return replace(known, pad_id=store.tokenizer.special.pad, vocabulary_size=tokens)


def build_model(
    settings: PretrainSettings, architecture: EncoderConfig, tasks: list[Any], total: int
) -> keras.Model:
    """The compiled model, its learning rate planned for `total` steps."""
    # The architecture that the run remembers keeps its dropout, for fine-tuning.
    architecture = replace(
        architecture, dropout=pretraining_dropout(settings.dropout, architecture)
    )
    with computing_in(settings.precision):
        model = build_pretrain_model(
            build_embedding(architecture, settings.seed),
            build_encoder(architecture, settings.seed),
            tasks,
            Pooling(pooling_of(settings.pooling, architecture), name="pooling"),
            packed=settings.pack,
        )
    peak, every = pretraining_rate(settings.learning_rate, architecture), settings.accumulate
    # Under --minutes the plan sets the rate as it goes.
    schedule = peak
    if settings.minutes is None:
        schedule = WarmupDecay(peak, total // every, decay=settings.decay, batches_per_update=every)
    return compile_pretrain(model, tasks, build_optimizer(schedule, batches_per_update=every))


def start_from_vectors(
    settings: PretrainSettings, model: keras.Model, tokenizer: Tokenizer
) -> WordVectors:
    """Put word vectors into the token table, and return what was found."""
    assert settings.vectors is not None
    embedding = model.get_layer("embedding")
    found = read_word_vectors(settings.vectors, tokenizer)
    vectors = fit_dimension(found.vectors, embedding.d_model, settings.fit_vectors)
    begin_with_vectors(embedding, found.ids, vectors)
    return found


def say_what_comes(
    settings: PretrainSettings,
    architecture: EncoderConfig,
    store: TokenStore,
    train: PretrainingBatches,
    model: keras.Model,
    total: int,
) -> None:
    """The sizes of model, corpus and run; and, roughly, the time and memory that it will take."""
    say(
        f"{architecture.encoder}, d_model {architecture.d_model}: "
        f"{model.count_params():,} weights; {store.documents:,} documents, "
        f"{store.tokens:,} tokens, {train.total_rows:,} rows of up to {settings.max_length} "
        f"({train.padding_share():.1%} padding); learning rate "
        f"{pretraining_rate(settings.learning_rate, architecture):g}"
    )
    if (size := train.tokens_per_word()) > LONG_WORD:
        say(
            f"--masking {settings.masking}: the words of this tokenizer have {size:.0f} tokens on"
            " average, more than can be hidden at a time; single tokens (--masking token) suit it"
        )
    expected = expect(architecture, workload(settings), matrix_rate(), keras.backend.backend())
    memory = f"roughly {expected.memory / 1e9:.1f} GB of memory"
    if settings.minutes is not None:
        say(f"{counted(settings.minutes, 'minute')}, {memory}")
    else:
        say(
            f"{total:,} steps of {settings.batch_size} rows ({total / train.steps_per_epoch:.2f} "
            f"epochs): roughly {total * expected.step_seconds / 60:.1f} minutes, {memory}"
        )


def workload(settings: PretrainSettings) -> Workload:
    """What a step will do, as far as the settings say it."""
    scored = settings.masking_rate * settings.max_length if "masked-lm" in settings.tasks else 0.0
    if settings.max_predictions is not None:
        scored = min(scored, settings.max_predictions)
    return Workload(
        settings.batch_size, settings.max_length, scored + ("document-words" in settings.tasks)
    )
