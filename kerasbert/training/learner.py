"""What a fine-tuning trains: the model, alone or with masked LM beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasbert.batches.joint import LABELS, JointBatches
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.batches.taught import LESSONS, TaughtBatches
from kerasbert.config import EncoderConfig
from kerasbert.layers import Pooling
from kerasbert.models import (
    build_embedding,
    build_encoder,
    build_joint_model,
    compile_joint,
    repeat_positions,
    transfer_weights,
)
from kerasbert.models.compiling import compile_and_build
from kerasbert.models.fine_tuning import build_fine_tuning_model
from kerasbert.models.joint import build_taught_model
from kerasbert.models.lora import Adapted, add_adapters
from kerasbert.models.transfer import TransferReport
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.defaults import fine_tuning_rate, pooling_of
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.tasks import MaskedLM
from kerasbert.terminal import say
from kerasbert.tokenizer.tokenizer import Tokenizer
from kerasbert.training.footprint import footprint, size
from kerasbert.training.frozen import head_alone, read_once
from kerasbert.training.optimizers import WarmupDecay, average_momentum, build_optimizer
from kerasbert.training.precision import computing_in
from kerasbert.training.taught import taught_batches
from kerasbert.without_tensorflow import keep_tensorflow_out


@dataclass(frozen=True)
class Learner:
    """What learns, and from what.

    Attributes:
        model: what the run saves.
        trained: the compiled model that is trained: the same one, or one that holds it.
        batches: what it is trained on.
        data: the batches of each part, on which the model is judged.
        peak: the highest learning rate.
        lead: the positions that are read by themselves, too.
        transfer: which weights came from --pretrained; None where none should.
    """

    model: keras.Model
    trained: keras.Model
    batches: Any
    data: Mapping[str, LabeledBatches]
    peak: float
    lead: int
    transfer: TransferReport | None


def build_learner(
    settings: FineTuneSettings,
    folder: RunFolder,
    source: RunFolder | None,
    architecture: EncoderConfig | None,
    tokenizer: Tokenizer,
    data: Mapping[str, LabeledBatches],
    said: set[str] | None = None,
    raw: Sequence[str] = (),
) -> Learner:
    """The model, compiled, with all that it knows before its first step.

    Args:
        settings: of the fine-tuning.
        folder: of the run.
        source: the run of --pretrained.
        architecture: None for a user's own encoder, which the source has.
        tokenizer: of the data.
        data: the batches of each part.
        said: see `say`.
        raw: what --teacher answers.

    Raises:
        InputError: a loss that does not suit the data, or with --frozen a head.
    """
    pretrained = source.load_model() if source is not None else None
    lead = settings.leading_positions(pairs=data["train"].texts.pairs)
    peak = fine_tuning_rate(
        settings.learning_rate, architecture, settings.frozen, settings.lora is not None
    )
    model = _network(settings, pretrained, architecture, data["train"], lead)
    transfer = None
    if settings.frozen:
        assert source is not None and pretrained is not None
        transfer = _take_weights(settings, source, pretrained, model, said)
        part = head_alone(model)
        trained, _ = _compiled(settings, part, peak, tokenizer, data["train"], source)
        read = read_once(settings, folder, model, data)  # it takes minutes: refuse before
        _begin(settings, model, part, read, said)
        _begin_pretrained(model, data, said)
        data = read
        return Learner(model, trained, data["train"], data, peak, lead, transfer)
    if settings.lora is not None:
        assert source is not None and pretrained is not None
        transfer = _take_weights(settings, source, pretrained, model, said)
        say(_told(settings.lora, add_adapters(model, settings.lora, settings.seed)), said)
    taught = taught_batches(settings, folder, data["train"], raw) if raw else None
    _begin(settings, model, model, data, said)
    trained, batches = _compiled(settings, model, peak, tokenizer, data["train"], source, taught)
    if transfer is None and source is not None and not settings.from_scratch:
        assert pretrained is not None
        transfer = _take_weights(settings, source, pretrained, trained, said)
    if transfer is not None:
        _begin_pretrained(model, data, said)
    return Learner(model, trained, batches, data, peak, lead, transfer)


def _told(rank: int, adapted: Adapted) -> str:
    """What adapters save, in a sentence: AdamW keeps two numbers for each that learns, and its
    gradient."""
    now, before = (size(3 * 4 * count) for count in (adapted.learned, adapted.before))
    return (
        f"--lora {rank}: {adapted.learned:,} numbers learn beside {adapted.weights:,}; gradients"
        f" and optimizer take {now} instead of {before}"
    )


def _network(
    settings: FineTuneSettings,
    pretrained: keras.Model | None,
    architecture: EncoderConfig | None,
    train: LabeledBatches,
    lead: int,
) -> keras.Model:
    """The untrained model."""
    head = train.head
    with computing_in(settings.precision):
        if architecture is not None:
            embedding = build_embedding(architecture, settings.seed)
            encoder = build_encoder(architecture, settings.seed)
        else:  # a user's own encoder: its layers, made anew from what model.keras says of them
            assert pretrained is not None
            keep_tensorflow_out()
            embedding, encoder = (
                keras.saving.deserialize_keras_object(
                    keras.saving.serialize_keras_object(pretrained.get_layer(layer))
                )
                for layer in ("embedding", "encoder")
            )
        pooling = pooling_of(settings.pooling, architecture)
        return build_fine_tuning_model(
            embedding,
            encoder,
            head.output,
            pooling=Pooling(pooling, lead=lead, name="pooling"),
            dropout=0.1 if settings.dropout is None else settings.dropout,
            seed=settings.seed,
            window=None if train.windows is None or head.by_token else settings.max_length,
            window_pooling=settings.window_pooling,
            apart=train.apart,
            name=head.name,
        )


def _begin(
    settings: FineTuneSettings,
    model: keras.Model,
    trained: keras.Model,
    data: Mapping[str, LabeledBatches],
    said: set[str] | None,
) -> None:
    """Say what training will take, and let the head fit what it knows before the first step."""
    slots = 3 + (settings.average > 0) + (settings.accumulate > 1)  # AdamW has two; the gradient
    if line := footprint(trained, data.values(), len(data["train"].texts), slots):
        say(line, said)
    for note in data["train"].head.begin(model, data, settings.seed):
        say(note)


def _begin_pretrained(
    model: keras.Model, data: Mapping[str, LabeledBatches], said: set[str] | None
) -> None:
    """Let the head begin with what the states of a pre-trained encoder tell."""
    for note in data["train"].head.begin_pretrained(model, data):
        say(note, said)


def _compiled(
    settings: FineTuneSettings,
    model: keras.Model,
    peak: float,
    tokenizer: Tokenizer,
    train: LabeledBatches,
    source: RunFolder | None,
    taught: TaughtBatches | None = None,
) -> tuple[keras.Model, Any]:
    """The compiled model to train, and its batches: the head's alone, or with something beside.

    Raises:
        InputError: a loss that does not suit the data.
    """
    schedule: Any = peak  # under --minutes the plan sets the rate as it goes
    steps = (taught or train).steps_per_epoch
    if settings.epochs is not None:
        updates = settings.epochs * steps // settings.accumulate
        schedule = WarmupDecay(
            peak, updates, decay=settings.decay, batches_per_update=settings.accumulate
        )
    optimizer = build_optimizer(
        schedule,
        batches_per_update=settings.accumulate,
        average_momentum=average_momentum(settings.average, steps),
        layer_decay=settings.layer_decay,
        frozen_steps=int(settings.freeze_epochs * steps / settings.accumulate),
    )
    loss = train.head.loss(train.gold)
    if taught is not None:
        losses = {LABELS: loss, LESSONS: train.head.teaching_loss(settings.temperature)}
        weights = {LABELS: 1.0, LESSONS: settings.teacher_weight}
        both = build_taught_model(model)
        return compile_and_build(both, optimizer, loss=losses, loss_weights=weights), taught
    if not settings.masked_lm:
        return compile_and_build(model, optimizer, loss=loss), train
    tokens = tokenizer.vocabulary_size
    of_head = (source.config().get("masked_lm_head") or {}) if source is not None else {}
    shares = train.texts.token_shares(tokens)
    task = MaskedLM(tokens, shares=shares, seed=settings.seed, **of_head)
    with computing_in(settings.precision):
        joint = build_joint_model(model, task)
    compile_joint(joint, task, settings.masked_lm, loss, optimizer)
    return joint, JointBatches(train, task, settings.seed)


def _take_weights(
    settings: FineTuneSettings,
    source: RunFolder,
    pretrained: keras.Model,
    learner: keras.Model,
    said: set[str] | None,
) -> TransferReport:
    """Give the model the weights of --pretrained, and say which."""
    transfer = transfer_weights(pretrained, learner, ["masked_lm"] if settings.masked_lm else [])
    say(f"from {settings.pretrained}: {transfer}", said)
    trained = source.trained_length(settings.max_length)
    if repeat_positions(learner.get_layer("embedding"), trained, settings.max_length):
        say(
            f"positions from {trained} on were never trained: they begin as those before them",
            said,
        )
    return transfer
