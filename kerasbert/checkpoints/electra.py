"""ELECTRA, discriminator or generator: BERT whose embeddings may be narrower and are projected.

Neither head is read: a discriminator has none for masked LM, and a generator's works on vectors of
the embedding's width, which ours has not.

Source: Clark et al. 2020, https://arxiv.org/abs/2003.10555.
"""

from dataclasses import replace

from kerasbert.checkpoints import shapes
from kerasbert.checkpoints.bert import Bert
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Arrays, Head
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.config import TransformerConfig
from kerasbert.errors import InputError


class Electra(Bert):
    """The family of `ElectraModel`; see `Family`."""

    model_types: tuple[str, ...] = ("electra",)
    prefixes: tuple[str, ...] = ("electra.",)

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

    def arrays(self, tensors: Tensors, config: TransformerConfig) -> Arrays:
        arrays = super().arrays(tensors, config)
        if config.embedding_width is None:
            return arrays
        name, path = "embeddings_project", "embedding/projection"
        return arrays | shapes.dense(tensors, name, path, config.embedding_width, config.d_model)

    def pooler(self, tensors: Tensors, config: TransformerConfig) -> Arrays | None:
        return None

    def head(self, tensors: Tensors, config: TransformerConfig) -> Head | None:
        return None
