"""RoBERTa, XLM-RoBERTa and CamemBERT: BERT with other positions, and without segments.

The row of a position begins behind that of padding, so it is two further than ours. There is one
row of token types, which stands in every row of our segment table: a pair may be told apart, but
is not yet.

Sources: Liu et al. 2019, https://arxiv.org/abs/1907.11692; Conneau et al. 2020 (XLM-R),
https://arxiv.org/abs/1911.02116; Martin et al. 2020 (CamemBERT), https://arxiv.org/abs/1911.03894.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kerasbert.checkpoints import bert, shapes
from kerasbert.checkpoints.bert import Bert
from kerasbert.checkpoints.heads import (
    ClassifierHead,
    MaskedLMHead,
    masked_lm_places,
    transformed,
)
from kerasbert.checkpoints.places import Arrays
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.choices import VocabularyFiles
from kerasbert.config import TransformerConfig
from kerasbert.errors import InputError

NUMBERS: shapes.Numbers = {
    **bert.NUMBERS,
    "vocabulary_size": ("vocab_size", 50_265),
    "pad_id": ("pad_token_id", 1),
}


class Roberta(Bert):
    """The family of `RobertaModel`; see `Family`."""

    model_types: tuple[str, ...] = ("roberta", "xlm-roberta", "camembert")
    class_name: Mapping[str, str] = {
        "roberta": "Roberta",
        "xlm-roberta": "XLMRoberta",
        "camembert": "Camembert",
    }
    prefixes: tuple[str, ...] = ("roberta.",)
    vocabulary_files: VocabularyFiles = "bytes"
    numbers: shapes.Numbers = NUMBERS

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

    def masked_lm(self, config: TransformerConfig) -> MaskedLMHead:
        d = config.d_model
        return MaskedLMHead(
            masked_lm_places("lm_head.dense", "lm_head.layer_norm", d, d),
            bias="lm_head.bias",
            decoder="lm_head.decoder",
            activation="gelu",  # whatever that of the encoder
            epsilon=config.epsilon,
        )

    def classifier(
        self, config: TransformerConfig, settings: Settings | None = None
    ) -> ClassifierHead:
        dense_layer = transformed("classifier.dense", config.d_model)
        return ClassifierHead(dense_layer, "classifier.out_proj", "tanh")

    def public(self, config: TransformerConfig, arrays: Arrays) -> dict[str, Any]:
        rows = arrays["embedding/segment_table"]
        if (rows == rows[:1]).all():
            rows = arrays["embedding/segment_table"] = rows[:1]
        longest = config.max_positions + self.first_position(config)
        known = super().public(replace(config, max_positions=longest), arrays)
        return {**known, "type_vocab_size": len(rows)}
