"""A head that passes pooled states on as they are, where a public class has a dense layer for them.

`finetune` reads [CLS] with nothing between it and the logits; every ...ForSequenceClassification
has a dense layer with an activation there. Its weights can make it the identity, nearly.
"""

import numpy as np

from kerasbert.checkpoints.places import Arrays

SMALL = 2.0**-13  # tanh(x) is x but for a part of x * x / 3: 1e-8 of states about 1
BEYOND = 8.0  # from here on GELU is the identity in float32


def passing_on(arrays: Arrays, activation: str, bound: np.ndarray) -> Arrays:
    """The weights of a dense layer and of the logits behind it that answer as the logits alone.

    Args:
        arrays: with "logits/kernel" (D, K) and "logits/bias" (K,).
        activation: of the dense layer: "tanh" is used where it is linear, "relu" and "gelu" where
            all states, moved so far, are positive.
        bound: (D,) what no state exceeds.
    """
    kernel, bias = (arrays[f"logits/{end}"].astype(np.float64) for end in ("kernel", "bias"))
    width = len(kernel)
    if activation == "tanh":
        scale, shift = SMALL, np.zeros(width)
    else:
        scale, shift = 1.0, bound + (0.0 if activation == "relu" else BEYOND)
    made = {
        "classifier_transform/kernel": scale * np.eye(width),
        "classifier_transform/bias": shift,
        "logits/kernel": kernel / scale,
        "logits/bias": bias - shift @ kernel,
    }
    return {path: array.astype(np.float32) for path, array in made.items()}


def bound_of_states(arrays: Arrays, layers: int) -> np.ndarray:
    """(D,) what no state of a post-norm encoder exceeds, as its last normalization has it."""
    norm = f"encoder/block_{layers - 1}/feed_forward_norm"
    gamma, beta = arrays[f"{norm}/gamma"], arrays[f"{norm}/beta"]
    return np.abs(gamma) * np.sqrt(len(gamma) - 1) + np.abs(beta)
