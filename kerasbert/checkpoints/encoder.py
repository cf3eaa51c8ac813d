"""A public model that is no classifier: its encoder, and what pre-training can go on with."""

from dataclasses import dataclass
from typing import Any

import keras

from kerasbert.checkpoints.family import Family
from kerasbert.checkpoints.heads import MaskedLMHead
from kerasbert.checkpoints.places import Arrays, read
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.config import EncoderConfig
from kerasbert.layers import Pooling
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.models.pretrain import read_states
from kerasbert.runs.folder import RunFolder
from kerasbert.tasks import MaskedLM


@dataclass(frozen=True)
class PublicEncoder:
    """What a folder holds beside embedding and encoder; becomes a pre-trained run.

    Attributes:
        masked_lm: its masked-LM head, if it has one that is ours.
        pooler: whether it has a pooling of [CLS] with tanh.
        arrays: the weights of both.
    """

    masked_lm: MaskedLMHead | None
    pooler: bool
    arrays: Arrays
    stage = "pretrain"

    def model(self, config: EncoderConfig) -> keras.Model:
        """States, pooled vectors, and the scores of the masked-LM head."""
        embedding, encoder = build_embedding(config), build_encoder(config)
        inputs, padding_mask, sequence = encode(embedding, encoder)
        mode = "cls" if self.pooler else config.pooling
        pooled = Pooling(mode, projection=self.pooler, name="pooling")(sequence, padding_mask)
        outputs = {"sequence": sequence, "pooled": pooled}
        if self.masked_lm is not None:
            task = MaskedLM(config.vocabulary_size, **self.masked_lm.to_json())
            inputs |= task.inputs()
            states = read_states(task, sequence, inputs)
            outputs[task.name] = task.head(embedding, states, pooled, inputs)
        return keras.Model(inputs, outputs, name="pretrain_model")

    def about(self, config: EncoderConfig) -> dict[str, Any]:
        """For config.json: what pre-training that goes on must tell `MaskedLM`."""
        return {"masked_lm_head": self.masked_lm.to_json() if self.masked_lm else None}

    def metrics(self) -> dict[str, Any]:
        """For metrics.json."""
        return {"masked_lm": self.masked_lm is not None}

    def save(self, run: RunFolder) -> None:
        """Further files of the run: none."""


def read_encoder(
    family: Family, tensors: Tensors, config: EncoderConfig, pooling: bool, masks: bool
) -> PublicEncoder:
    """What a folder holds beside embedding and encoder.

    Args:
        family: of the model.
        tensors: its weights.
        config: its architecture.
        pooling: whether it names a pooling of its own, and so has no use for a pooler.
        masks: whether its tokenizer has a [MASK].
    """
    places = [] if pooling else family.pooler(config)
    pooler = bool(places) and tensors.has(places[0].names[0])
    arrays = read(tensors, places) if pooler else {}
    head = family.masked_lm(config)
    found = head.read(tensors, family.table, config.vocabulary_size) if masks else None
    return PublicEncoder(head if found else None, pooler, arrays | (found or {}))
