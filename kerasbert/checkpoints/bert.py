"""BERT, and what has its form: Chinese BERTs, MiniLM, most of sentence-transformers.

Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805.
"""

from collections.abc import Mapping
from typing import Any

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.heads import (
    ClassifierHead,
    MaskedLMHead,
    masked_lm_places,
    transformed,
)
from kerasbert.checkpoints.places import Arrays, Place, dense, norm
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import BlockNames
from kerasbert.choices import VocabularyFiles
from kerasbert.config import TransformerConfig

TOKENS = "embeddings.word_embeddings.weight"
BLOCKS = BlockNames(
    block="encoder.layer.{}",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    output="attention.output.dense",
    attention_norm="attention.output.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    outer_norm="output.LayerNorm",
)

NUMBERS: shapes.Numbers = {
    "vocabulary_size": ("vocab_size", 30_522),
    "d_model": ("hidden_size", 768),
    "layers": ("num_hidden_layers", 12),
    "heads": ("num_attention_heads", 12),
    "d_ff": ("intermediate_size", 3072),
    "dropout": ("hidden_dropout_prob", 0.1),
    "attention_dropout": ("attention_probs_dropout_prob", 0.1),
    "epsilon": ("layer_norm_eps", 1e-12),
    "max_positions": ("max_position_embeddings", 512),
    "segments": ("type_vocab_size", 2),
    "pad_id": ("pad_token_id", 0),
}


class Bert:
    """The family of `BertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("bert",)
    class_name: Mapping[str, str] = {"bert": "Bert"}
    prefixes: tuple[str, ...] = ("bert.",)
    parts: tuple[str, ...] = ("embeddings", "encoder", "pooler")
    plain_token_heads: bool = True
    table = TOKENS
    vocabulary_files: VocabularyFiles = "wordpiece"
    numbers: shapes.Numbers = NUMBERS

    def architecture(self, settings: Settings) -> TransformerConfig:
        settings.ignore("classifier_dropout", "id2label", "label2id", "problem_type")
        return shapes.post_norm(
            settings,
            activation=shapes.activation(settings, "hidden_act"),
            **shapes.numbers(settings, self.numbers),
        )

    def places(self, config: TransformerConfig) -> list[Place]:
        width = config.embedding_width or config.d_model
        first = self.first_position(config)
        return [
            Place("embedding/token_table", (TOKENS,), (config.vocabulary_size, width)),
            Place(
                "embedding/position_table",
                ("embeddings.position_embeddings.weight",),
                (config.max_positions + first, width),
                before=first,
            ),
            Place(
                "embedding/segment_table",
                ("embeddings.token_type_embeddings.weight",),
                (config.segments, width),
                fewer=True,
            ),
            *norm("embeddings.LayerNorm", "embedding/norm", width),
            *shapes.blocks(config, BLOCKS),
        ]

    def first_position(self, config: TransformerConfig) -> int:
        """The row of the position table that the first token of a text has."""
        return 0

    def pooler(self, config: TransformerConfig) -> list[Place]:
        d = config.d_model
        return dense("pooler.dense", "pooling/projection", d, d)

    def masked_lm(self, config: TransformerConfig) -> MaskedLMHead:
        d, theirs = config.d_model, "cls.predictions"
        return MaskedLMHead(
            masked_lm_places(f"{theirs}.transform.dense", f"{theirs}.transform.LayerNorm", d, d),
            bias=f"{theirs}.bias",
            decoder=f"{theirs}.decoder",
            activation=config.activation,
            epsilon=config.epsilon,
        )

    def classifier(
        self, config: TransformerConfig, settings: Settings | None = None
    ) -> ClassifierHead:
        return ClassifierHead(transformed("pooler.dense", config.d_model), "classifier", "tanh")

    def public(self, config: TransformerConfig, arrays: Arrays) -> dict[str, Any]:
        return {
            **shapes.public_numbers(config, self.numbers),
            "hidden_act": shapes.public_activation(config.activation),
        }
