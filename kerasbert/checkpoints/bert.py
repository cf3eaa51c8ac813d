"""BERT, and what has its form: Chinese BERTs, MiniLM, most of sentence-transformers.

Source: Devlin et al. 2019, https://arxiv.org/abs/1810.04805.
"""

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Arrays, BlockNames, Head, HeadNames
from kerasbert.checkpoints.tensors import Tensors
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


class Bert:
    """The family of `BertModel`; see `Family`."""

    model_types: tuple[str, ...] = ("bert",)
    prefixes: tuple[str, ...] = ("bert.",)
    probe = TOKENS
    vocabulary_files: VocabularyFiles = "wordpiece"
    epsilon = 1e-12  # where config.json has none, as the family's own class
    pad_id = 0
    vocabulary_size = 30_522
    max_positions = 512
    segments = 2
    head_names = HeadNames(
        transform="cls.predictions.transform.dense",
        norm="cls.predictions.transform.LayerNorm",
        bias="cls.predictions.bias",
        decoder="cls.predictions.decoder",
    )

    def architecture(self, settings: Settings) -> TransformerConfig:
        settings.ignore("classifier_dropout", "id2label", "label2id", "problem_type")
        return shapes.post_norm(
            settings,
            vocabulary_size=settings.number("vocab_size", self.vocabulary_size),
            d_model=settings.number("hidden_size", 768),
            layers=settings.number("num_hidden_layers", 12),
            heads=settings.number("num_attention_heads", 12),
            d_ff=settings.number("intermediate_size", 3072),
            dropout=settings.number("hidden_dropout_prob", 0.1),
            attention_dropout=settings.number("attention_probs_dropout_prob", 0.1),
            activation=shapes.activation(settings, "hidden_act"),
            epsilon=settings.number("layer_norm_eps", self.epsilon),
            max_positions=settings.number("max_position_embeddings", self.max_positions),
            segments=settings.number("type_vocab_size", self.segments),
            pad_id=settings.number("pad_token_id", self.pad_id),
        )

    def arrays(self, tensors: Tensors, config: TransformerConfig) -> Arrays:
        width = config.embedding_width or config.d_model
        first = self.first_position(config)
        positions = tensors.take(
            "embeddings.position_embeddings.weight", (config.max_positions + first, width)
        )
        types, *_ = tensors.shape("embeddings.token_type_embeddings.weight") or (0,)
        segments = tensors.take("embeddings.token_type_embeddings.weight", (types, width))
        arrays = {
            "embedding/token_table": tensors.take(TOKENS, (config.vocabulary_size, width)),
            "embedding/position_table": positions[first:],
            "embedding/segment_table": shapes.segment_rows(segments, config),
        }
        arrays |= shapes.norm(tensors, "embeddings.LayerNorm", "embedding/norm", width)
        return arrays | shapes.blocks(tensors, config, BLOCKS)

    def first_position(self, config: TransformerConfig) -> int:
        """The row of the position table that the first token of a text has."""
        return 0

    def pooler(self, tensors: Tensors, config: TransformerConfig) -> Arrays | None:
        if not tensors.has("pooler.dense.weight"):
            return None
        d = config.d_model
        return shapes.dense(tensors, "pooler.dense", "pooling/projection", d, d)

    def head(self, tensors: Tensors, config: TransformerConfig) -> Head | None:
        return shapes.masked_lm_head(tensors, config, self.head_names, TOKENS)
