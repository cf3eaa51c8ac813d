"""A text backbone of KerasHub that is none of our families: taken as it is, in a run folder."""

from pathlib import Path
from typing import Any

import keras

from kerasbert.checkpoints.opened import Public
from kerasbert.checkpoints.public_folder import Files
from kerasbert.checkpoints.shapes import fine_tuning_rate
from kerasbert.checkpoints.vocabulary import read_tokenizer
from kerasbert.config import KerasHubConfig
from kerasbert.errors import InputError
from kerasbert.files import atomic_folder
from kerasbert.layers.keras_hub import BackboneParts, token_table
from kerasbert.models import build_embedding, build_encoder, build_encoder_model
from kerasbert.report.public_card import converted_card
from kerasbert.runs.folder import RunFolder
from kerasbert.tokenizer.tokenizer import Tokenizer


def convert_backbone(public: Public, out: Path, pairs: bool) -> dict[str, Any]:
    """Write a backbone as the folder of a pre-trained run; see `convert`."""
    backbone, name = public.backbone, type(public.backbone).__name__
    if pairs:
        raise InputError(f"{public.name}: --pairs: it holds no classifier. Leave it out.")
    written = "wordpiece" if Files(public.folder).has("vocab.txt") else "bytes"
    tokenizer = read_tokenizer(Files(public.folder), written)  # type: ignore[arg-type]
    try:
        parts = BackboneParts(backbone)
    except ValueError as error:
        raise InputError(
            f"{public.name}: {error}. What can be read: backbones for text, such as BertBackbone,"
            " DebertaV3Backbone or AlbertBackbone."
        ) from None
    architecture = _architecture(public, tokenizer, parts)
    embedding, encoder = build_embedding(architecture), build_encoder(architecture)
    for layer, part in ((embedding, parts.front), (encoder, parts.back)):
        layer.part.set_weights(part.get_weights())
    model = build_encoder_model(embedding, encoder)
    used = {id(weight) for part in (parts.front, parts.back) for weight in part.weights}
    unread = [weight.path for weight in backbone.weights if id(weight) not in used]
    rows = token_table(backbone)
    result = {
        "family": name,
        "encoder": architecture.encoder,
        "weights": model.count_params(),
        "vocabulary": tokenizer.vocabulary_size,
        "rows_without_a_token": 0 if rows is None else rows.shape[0] - tokenizer.vocabulary_size,
        "positions": architecture.max_positions,
        "pooling": architecture.pooling,
        "masked_lm": False,
        "not_read": {"weights": unread} if unread else {},
    }
    width = None if rows is None or rows.shape[-1] == parts.width else rows.shape[-1]
    with atomic_folder(out) as made:
        run = RunFolder(made)
        tokenizer.save(run.file("tokenizer.json"))
        run.write_config(
            "pretrain",
            architecture,
            {"source": public.name, "max_length": architecture.max_positions},
            {"pooling": architecture.pooling},
            seed=0,
            segmenter=None,
            masked_lm_head=None if width is None else {"width": width},
        )
        run.save_model(model)
        converted_card(run.file("README.md"), out.name, result, run.config())
        run.write_json("metrics.json", result)
    return result


def _architecture(public: Public, tokenizer: Tokenizer, parts: BackboneParts) -> KerasHubConfig:
    backbone = public.backbone
    arguments = backbone.get_config()
    rows = token_table(backbone)
    if rows is not None and tokenizer.vocabulary_size > rows.shape[0]:
        raise InputError(
            f"{public.name}: the tokenizer has {tokenizer.vocabulary_size} tokens, the model"
            f" {rows.shape[0]} rows of embeddings. They are of different models."
        )
    return KerasHubConfig(
        backbone=keras.saving.serialize_keras_object(backbone),
        parameters=parts.back.count_params(),
        vocabulary_size=tokenizer.vocabulary_size,
        d_model=parts.width,
        dropout=arguments.get("dropout", 0.0),
        max_positions=arguments.get("max_sequence_length", 512),
        pad_id=tokenizer.special.pad,
        fine_tuning_rate=fine_tuning_rate(parts.width),
    )
