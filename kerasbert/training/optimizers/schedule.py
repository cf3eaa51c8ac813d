"""The learning rate over a run."""

from functools import partial
from typing import Any, get_args

import keras
from keras import ops

from kerasbert.choices import Decay
from kerasbert.training.optimizers.adamw import AdamW
from kerasbert.training.optimizers.layer_rates import LayerwiseAdamW

UNDECAYED = ("bias", "gamma", "beta", "_table")  # in the names of biases, norms and embeddings


@keras.saving.register_keras_serializable(package="kerasbert")
class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rise from 0 to `peak` over `warmup_steps` updates, then fall to 0 at `total_steps`.

    Args:
        peak: the highest learning rate.
        total_steps: updates of the whole run.
        warmup_steps: updates of the rise; a tenth of the run unless given.
        decay: "linear" or "cosine".
        batches_per_update: under gradient accumulation Keras counts batches here, not updates; so
            the rate changes once for so many of them.

    Source: linear as in Devlin et al. 2019, https://arxiv.org/abs/1810.04805, appendix A.2.
    """

    def __init__(
        self,
        peak: float,
        total_steps: int,
        warmup_steps: int | None = None,
        decay: str = "linear",
        batches_per_update: int = 1,
    ):
        if decay not in (known := get_args(Decay)):
            expected = " or ".join(map(repr, known))
            raise ValueError(f"decay: expected {expected}. Received: {decay!r}")
        self.peak = peak
        self.total_steps = total_steps
        self.warmup_steps = max(1, total_steps // 10) if warmup_steps is None else warmup_steps
        self.decay = decay
        self.batches_per_update = batches_per_update

    def __call__(self, step):
        step = ops.cast(step // self.batches_per_update, "float32")
        # The first update is step 0 and already moves.
        rise = (step + 1) / max(1, self.warmup_steps)
        rest = max(1, self.total_steps - self.warmup_steps)
        done = ops.clip((step - self.warmup_steps) / rest, 0.0, 1.0)
        fall = 1 - done if self.decay == "linear" else (1 + ops.cos(done * 3.14159265)) / 2
        return self.peak * ops.minimum(ops.minimum(rise, 1.0), fall)

    def get_config(self):
        return {
            "peak": self.peak,
            "total_steps": self.total_steps,
            "warmup_steps": self.warmup_steps,
            "decay": self.decay,
            "batches_per_update": self.batches_per_update,
        }


def build_optimizer(
    schedule,
    weight_decay: float = 0.01,
    clip_norm: float = 1.0,
    batches_per_update: int = 1,
    average_momentum: float | None = None,
    layer_decay: float = 1.0,
    frozen_steps: int = 0,
):
    """AdamW with global-norm clipping; biases, normalizations and embeddings do not decay.

    Args:
        schedule: a learning rate, or a schedule of it.
        weight_decay: of the weights that decay, per update and unit of learning rate.
        clip_norm: the longest gradient, all weights together.
        batches_per_update: gradients of so many batches are averaged before an update.
        average_momentum: of the running average of the weights, which `OnAverage` evaluates; none
            is kept unless given.
        layer_decay: share of the learning rate that each block gets of what the block behind it
            has, see `layer_shares`.
        frozen_steps: updates in which embedding and encoder stay as they are.
    """
    kind: Any = AdamW
    if layer_decay != 1 or frozen_steps:
        kind = partial(LayerwiseAdamW, layer_decay=layer_decay, frozen_steps=frozen_steps)
    return kind(
        schedule,
        weight_decay=weight_decay,
        global_clipnorm=clip_norm,
        gradient_accumulation_steps=batches_per_update if batches_per_update > 1 else None,
        use_ema=average_momentum is not None,
        ema_momentum=average_momentum or 0.99,
        undecayed=UNDECAYED,
        average_apart=True,
    )
