"""DistilBERT: half as many blocks as BERT, no token types and no pooler.

Source: Sanh et al. 2019, https://arxiv.org/abs/1910.01108.
"""

import numpy as np

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.bert import TOKENS
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Arrays, BlockNames, Head, HeadNames
from kerasbert.checkpoints.tensors import Tensors
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


class DistilBert:
    """The family of `DistilBertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("distilbert",)
    prefixes: tuple[str, ...] = ("distilbert.",)
    probe = TOKENS
    vocabulary_files: VocabularyFiles = "wordpiece"
    head_names = HeadNames(
        transform="vocab_transform",
        norm="vocab_layer_norm",
        bias="vocab_projector.bias",
        decoder="vocab_projector",
    )

    def architecture(self, settings: Settings) -> TransformerConfig:
        # Sinusoidal positions are stored as a table like any other.
        settings.ignore("sinusoidal_pos_embds", "qa_dropout", "seq_classif_dropout", "tie_weights_")
        settings.ignore("id2label", "label2id", "problem_type")
        return shapes.post_norm(
            settings,
            vocabulary_size=settings.number("vocab_size", 30_522),
            d_model=settings.number("dim", 768),
            layers=settings.number("n_layers", 6),
            heads=settings.number("n_heads", 12),
            d_ff=settings.number("hidden_dim", 3072),
            dropout=settings.number("dropout", 0.1),
            attention_dropout=settings.number("attention_dropout", 0.1),
            activation=shapes.activation(settings, "activation"),
            epsilon=1e-12,
            max_positions=settings.number("max_position_embeddings", 512),
            pad_id=settings.number("pad_token_id", 0),
        )

    def arrays(self, tensors: Tensors, config: TransformerConfig) -> Arrays:
        d = config.d_model
        position_table = tensors.take(
            "embeddings.position_embeddings.weight", (config.max_positions, d)
        )
        arrays = {
            "embedding/token_table": tensors.take(TOKENS, (config.vocabulary_size, d)),
            "embedding/position_table": position_table,
            "embedding/segment_table": np.zeros((config.segments, d), np.float32),
        }
        arrays |= shapes.norm(tensors, "embeddings.LayerNorm", "embedding/norm", d)
        return arrays | shapes.blocks(tensors, config, BLOCKS)

    def pooler(self, tensors: Tensors, config: TransformerConfig) -> Arrays | None:
        return None

    def head(self, tensors: Tensors, config: TransformerConfig) -> Head | None:
        return shapes.masked_lm_head(tensors, config, self.head_names, TOKENS)
