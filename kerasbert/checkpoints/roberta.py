"""RoBERTa, XLM-RoBERTa and CamemBERT: BERT with other positions, and without segments.

The row of a position begins behind that of padding, so it is two further than ours. There is one
row of token types, which stands in every row of our segment table: a pair may be told apart, but
is not yet.

Sources: Liu et al. 2019, https://arxiv.org/abs/1907.11692; Conneau et al. 2020 (XLM-R),
https://arxiv.org/abs/1911.02116; Martin et al. 2020 (CamemBERT), https://arxiv.org/abs/1911.03894.
"""

from dataclasses import replace

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.bert import TOKENS, Bert
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Head, HeadNames
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.choices import VocabularyFiles
from kerasbert.config import TransformerConfig
from kerasbert.errors import InputError


class Roberta(Bert):
    """The family of `RobertaModel`; see `Family`."""

    model_types: tuple[str, ...] = ("roberta", "xlm-roberta", "camembert")
    prefixes: tuple[str, ...] = ("roberta.",)
    vocabulary_files: VocabularyFiles = "bytes"
    pad_id = 1
    vocabulary_size = 50_265
    head_names = HeadNames(
        transform="lm_head.dense",
        norm="lm_head.layer_norm",
        bias="lm_head.bias",
        decoder="lm_head.decoder",
    )

    def architecture(self, settings: Settings) -> TransformerConfig:
        config = super().architecture(settings)
        usable = config.max_positions - self.first_position(config)
        if usable < 1:
            raise InputError(
                f"{settings.path}: max_position_embeddings {config.max_positions}: expected more"
                f" than the {config.pad_id + 1} rows up to that of padding."
            )
        return replace(config, max_positions=usable)

    def first_position(self, config: TransformerConfig) -> int:
        return config.pad_id + 1

    def head(self, tensors: Tensors, config: TransformerConfig) -> Head | None:
        # Its activation is the exact GELU whatever that of the encoder.
        return shapes.masked_lm_head(tensors, config, self.head_names, TOKENS, activation="gelu")
