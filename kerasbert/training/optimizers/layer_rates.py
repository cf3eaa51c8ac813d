"""AdamW that moves the layers near the input less than those near the output."""

import re
from collections.abc import Sequence

import keras
from keras import ops

from kerasbert.training.optimizers.adamw import AdamW, decays, key_of

# Ours, and those of a backbone of KerasHub.
_BLOCK = re.compile(r"encoder/(?:block|\w*layer)_(\d+)/")


def layer_shares(paths: Sequence[str], decay: float) -> list[float]:
    """The share of the learning rate that each weight gets.

    All of it behind the encoder, `decay` of it in the encoder's last block, the square of that in
    the block before, and so on down to the embedding. A TextCNN counts as one block.

    Args:
        paths: of the weights, such as "encoder/block_0/attention/qkv/kernel".
        decay: above 0, at most 1.

    Source: Howard and Ruder 2018, https://arxiv.org/abs/1801.06146, section 3.2, "Discriminative
    fine-tuning".
    """
    blocks = 1 + max((int(found[1]) for path in paths if (found := _BLOCK.search(path))), default=0)

    def depth(path: str) -> int:
        """0 behind the encoder, then from its last block to the embedding."""
        if path.startswith("embedding/"):
            return blocks + 1
        if found := _BLOCK.search(path):
            return blocks - int(found[1])
        return 1 if path.startswith("encoder/") else 0

    return [decay ** depth(path) for path in paths]


@keras.saving.register_keras_serializable(package="kerasbert")
class LayerwiseAdamW(AdamW):
    """AdamW with a share of the learning rate for each layer, and an encoder that waits.

    Args:
        learning_rate: of the layers behind the encoder.
        layer_decay: see `layer_shares`; 1 for the same rate everywhere.
        frozen_steps: updates in which embedding and encoder stay as they are.
        **kwargs: of `AdamW`.
    """

    def __init__(
        self, learning_rate=1e-3, layer_decay: float = 1.0, frozen_steps: int = 0, **kwargs
    ):
        super().__init__(learning_rate, **kwargs)
        if not 0 < layer_decay <= 1:
            raise ValueError(f"layer_decay: expected 0 < decay <= 1. Received: {layer_decay}")
        self.layer_decay = layer_decay
        self.frozen_steps = frozen_steps

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        paths = [variable.path for variable in variables]
        self._shares = layer_shares(paths, self.layer_decay)
        self._waits = [path.startswith(("embedding/", "encoder/")) for path in paths]
        self._decays = [decays(variable, self.undecayed) for variable in variables]
        # Weights decay in `_rate`, by their own learning rates: nothing is left for Keras to do.
        keras.optimizers.AdamW.exclude_from_weight_decay(self, var_names=[""])

    def _apply_weight_decay(self, variables):
        pass

    def _rate(self, variable, learning_rate):
        index = self._index[key_of(variable)]
        share = self._shares[index]
        if self.frozen_steps and self._waits[index]:
            share = ops.where(self.iterations < self.frozen_steps, 0.0, share)
        rate = learning_rate * share
        if self.weight_decay and self._decays[index]:
            lost = variable * self.weight_decay * ops.cast(rate, variable.dtype)
            self.assign_sub(variable, lost)
        return rate

    def get_config(self):
        return super().get_config() | {
            "layer_decay": self.layer_decay,
            "frozen_steps": self.frozen_steps,
        }
