"""What a model's output is: logits, or probabilities, from which logits are made."""

from typing import Any

import keras
import numpy as np

from kerasbert.layers import TokenScores

SQUASHING = {"sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"}
PASSING = {"Activation", "Average", "Cast", "Dropout", "Flatten", "Identity", "Reshape"}
SMALLEST, LARGEST = float(np.finfo(np.float32).tiny), 1 - 2.0**-24  # of a probability in float32


def gives_logits(model: keras.Model) -> bool | None:
    """Whether a model's output is logits, as far as the model says.

    Its last layer's activation does, or `keras.layers.Softmax`, or an operation such as
    `keras.ops.sigmoid`; of a model that is no graph of layers, or ends in a layer of the user's
    own, the loss that it is compiled with. None where nothing does.
    """
    outputs = getattr(model, "outputs", None) or []
    found = _gives_logits(outputs[0]) if len(outputs) == 1 else None
    return _loss_takes_logits(getattr(model, "loss", None)) if found is None else found


def to_logits(
    outputs: np.ndarray, kind: str = "multi-label", from_logits: bool | None = None
) -> np.ndarray:
    """(N, K) float32 logits, of a model's outputs (N, K) in any float type.

    The sigmoid (kind "multi-label") or softmax (other kinds) of these logits is the probability
    that the model said. The one column of a "binary" model becomes two.

    Args:
        outputs: logits or probabilities.
        kind: "multi-label", "multi-class" or "binary".
        from_logits: which of the two they are; None where it is not known.

    Raises:
        ValueError: it is not known, and they may be either; or they are no probabilities.
    """
    between = bool(((outputs >= 0) & (outputs <= 1)).all())
    if from_logits is None:
        if between and outputs.size:
            raise ValueError(
                "Expected to see whether the model gives logits or probabilities: neither its last "
                "layer nor its loss says it, and all outputs lie between 0 and 1. Say "
                f"from_logits=True or False. Received: from_logits={from_logits}"
            )
        from_logits = True
    x = np.asarray(outputs, np.float64)
    alone = kind == "binary" and x.shape[1] == 1
    if not from_logits:
        if not between and np.isfinite(x).all():
            raise ValueError(
                "Expected probabilities from 0 to 1, as from_logits=False or the last layer says. "
                f"Received: outputs from {x.min():.4g} to {x.max():.4g}"
            )
        p = np.clip(x, SMALLEST, LARGEST)
        x = np.log(p) - np.log1p(-p) if kind == "multi-label" or alone else np.log(p)
    if alone:
        x = np.concatenate([np.zeros_like(x), x], axis=1)
    return x.astype(np.float32)


def _gives_logits(tensor: Any) -> bool | None:
    """Of a tensor of a functional model."""
    history = getattr(tensor, "_keras_history", None)
    if history is None:
        return None
    layer, node, place = history
    if isinstance(layer, keras.Model):
        outputs = getattr(layer, "outputs", None)
        return _gives_logits(outputs[place]) if outputs else None
    if isinstance(layer, TokenScores):
        return True
    name = type(layer).__name__
    if name in ("Softmax", "Sigmoid"):  # a layer, or an operation
        return False
    activation = getattr(layer, "activation", None)
    said = getattr(activation, "__name__", "linear" if activation is None else "")
    if said in SQUASHING:
        return False
    if name in PASSING and said == "linear":
        nodes = getattr(layer, "_inbound_nodes", None)
        before = {_gives_logits(one) for one in nodes[node].input_tensors} if nodes else {None}
        return before.pop() if len(before) == 1 else None
    known = hasattr(layer, "activation") and hasattr(keras.activations, said)
    return True if known else None


def _loss_takes_logits(loss: Any) -> bool | None:
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if callable(loss) and getattr(loss, "__name__", "").endswith("crossentropy"):
        return False  # Keras' own functions take probabilities unless told
    return getattr(loss, "from_logits", None)
