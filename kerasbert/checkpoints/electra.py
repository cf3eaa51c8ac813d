"""ELECTRA, discriminator or generator: BERT whose embeddings may be narrower and are projected.

Of heads a generator's is read, which is one of masked LM; a discriminator's is not.

Source: Clark et al. 2020, https://arxiv.org/abs/2003.10555.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kerasbert.checkpoints.bert import Bert
from kerasbert.checkpoints.heads import (
    ClassifierHead,
    MaskedLMHead,
    masked_lm_places,
    transformed,
)
from kerasbert.checkpoints.places import Arrays, Place, dense
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.config import TransformerConfig
from kerasbert.errors import InputError


class Electra(Bert):
    """The family of `ElectraModel`; see `Family`."""

    model_types: tuple[str, ...] = ("electra",)
    class_name: Mapping[str, str] = {"electra": "Electra"}
    prefixes: tuple[str, ...] = ("electra.",)
    parts: tuple[str, ...] = ("embeddings", "embeddings_project", "encoder")
    plain_token_heads: bool = True

    def architecture(self, settings: Settings) -> TransformerConfig:
        settings.ignore("embedding_size", "summary_activation", "summary_last_dropout")
        settings.ignore("summary_type", "summary_use_proj")
        config = super().architecture(settings)
        width = settings.number("embedding_size", 128)
        if not 1 <= width <= 10**9:
            raise InputError(
                f"{settings.path}: embedding_size: expected 1 or more, received {width}."
            )
        return replace(config, embedding_width=None if width == config.d_model else width)

    def places(self, config: TransformerConfig) -> list[Place]:
        places = super().places(config)
        if config.embedding_width is None:
            return places
        name, path = "embeddings_project", "embedding/projection"
        return [*places, *dense(name, path, config.embedding_width, config.d_model)]

    def pooler(self, config: TransformerConfig) -> list[Place]:
        return []

    def masked_lm(self, config: TransformerConfig) -> MaskedLMHead:
        theirs, width = "generator_predictions", config.embedding_width
        d = config.d_model
        return MaskedLMHead(
            masked_lm_places(f"{theirs}.dense", f"{theirs}.LayerNorm", d, width or d),
            bias="generator_lm_head.bias",
            decoder="generator_lm_head",
            activation="gelu",  # whatever that of the encoder
            epsilon=config.epsilon,
            width=width,
        )

    def classifier(
        self, config: TransformerConfig, settings: Settings | None = None
    ) -> ClassifierHead:
        dense_layer = transformed("classifier.dense", config.d_model)
        return ClassifierHead(dense_layer, "classifier.out_proj", "gelu")

    def public(self, config: TransformerConfig, arrays: Arrays) -> dict[str, Any]:
        width = config.embedding_width or config.d_model
        return {**super().public(config, arrays), "embedding_size": width}
