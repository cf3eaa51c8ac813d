"""DistilBERT: half as many blocks as BERT, no token types and no pooler.

Source: Sanh et al. 2019, https://arxiv.org/abs/1910.01108.
"""

from collections.abc import Mapping
from typing import Any

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.bert import TOKENS
from kerasbert.checkpoints.heads import (
    ClassifierHead,
    MaskedLMHead,
    masked_lm_places,
    transformed,
)
from kerasbert.checkpoints.places import Arrays, Place, norm
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import BlockNames
from kerasbert.choices import VocabularyFiles
from kerasbert.config import TransformerConfig

BLOCKS = BlockNames(
    block="transformer.layer.{}",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    output="attention.out_lin",
    attention_norm="sa_layer_norm",
    inner="ffn.lin1",
    outer="ffn.lin2",
    outer_norm="output_layer_norm",
)
EPSILON = 1e-12  # of every DistilBERT

NUMBERS: shapes.Numbers = {
    "vocabulary_size": ("vocab_size", 30_522),
    "d_model": ("dim", 768),
    "layers": ("n_layers", 6),
    "heads": ("n_heads", 12),
    "d_ff": ("hidden_dim", 3072),
    "dropout": ("dropout", 0.1),
    "attention_dropout": ("attention_dropout", 0.1),
    "max_positions": ("max_position_embeddings", 512),
    "pad_id": ("pad_token_id", 0),
}


class DistilBert:
    """The family of `DistilBertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("distilbert",)
    class_name: Mapping[str, str] = {"distilbert": "DistilBert"}
    prefixes: tuple[str, ...] = ("distilbert.",)
    parts: tuple[str, ...] = ("embeddings", "transformer")
    plain_token_heads: bool = True
    table = TOKENS
    vocabulary_files: VocabularyFiles = "wordpiece"
    numbers: shapes.Numbers = NUMBERS

    def architecture(self, settings: Settings) -> TransformerConfig:
        # Sinusoidal positions are stored as a table like any other.
        settings.ignore("sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout", "tie_weights_")
        settings.ignore("id2label", "label2id", "problem_type")
        return shapes.post_norm(
            settings,
            activation=shapes.activation(settings, "activation"),
            epsilon=EPSILON,
            **shapes.numbers(settings, self.numbers),
        )

    def places(self, config: TransformerConfig) -> list[Place]:
        d = config.d_model
        positions = "embeddings.position_embeddings.weight"
        return [
            Place("embedding/token_table", (TOKENS,), (config.vocabulary_size, d)),
            Place("embedding/position_table", (positions,), (config.max_positions, d)),
            Place("embedding/segment_table", (), (config.segments, d)),
            *norm("embeddings.LayerNorm", "embedding/norm", d),
            *shapes.blocks(config, BLOCKS),
        ]

    def pooler(self, config: TransformerConfig) -> list[Place]:
        return []

    def masked_lm(self, config: TransformerConfig) -> MaskedLMHead:
        d = config.d_model
        return MaskedLMHead(
            masked_lm_places("vocab_transform", "vocab_layer_norm", d, d),
            bias="vocab_projector.bias",
            decoder="vocab_projector",
            activation=config.activation,
            epsilon=EPSILON,
        )

    def classifier(
        self, config: TransformerConfig, settings: Settings | None = None
    ) -> ClassifierHead:
        return ClassifierHead(transformed("pre_classifier", config.d_model), "classifier", "relu")

    def public(self, config: TransformerConfig, arrays: Arrays) -> dict[str, Any]:
        # Each position of a single text has the first row of segments: it goes into the positions.
        segments = arrays["embedding/segment_table"]
        arrays["embedding/position_table"] = arrays["embedding/position_table"] + segments[0]
        arrays["embedding/segment_table"] = segments - segments[0]
        return {
            **shapes.public_numbers(config, self.numbers),
            "activation": shapes.public_activation(config.activation),
        }
