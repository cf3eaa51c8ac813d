"""From the weights of a public model to those of our layers, for all families of BERT's shape."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.config import TransformerConfig
from kerasbert.errors import InputError

Arrays = dict[str, np.ndarray]  # by the path of our variable, as `kerasbert.models.weights_of`

FINE_TUNING_RATE = 4e-4  # the highest, at a width of 384; see `fine_tuning_rate`
ACTIVATIONS = {
    **dict.fromkeys(("gelu", "gelu_python"), "gelu"),
    **dict.fromkeys(("gelu_new", "gelu_pytorch_tanh", "gelu_fast"), "gelu_tanh"),
    **{"relu": "relu", "silu": "silu", "swish": "silu"},
}


@dataclass(frozen=True)
class BlockNames:
    """What a family calls the parts of a block, each with a weight and a bias."""

    block: str  # with the number of the block in the place of {}
    query: str
    key: str
    value: str
    output: str
    attention_norm: str
    inner: str
    outer: str
    outer_norm: str


@dataclass(frozen=True)
class HeadNames:
    """What a family calls the parts of its masked-LM head."""

    transform: str
    norm: str
    bias: str
    decoder: str  # which may be stored, or not: it is the token embedding


@dataclass(frozen=True)
class Head:
    """A masked-LM head: the weights of our layers, and what `MaskedLM` is told of it."""

    arrays: Arrays
    activation: str
    epsilon: float


def fine_tuning_rate(width: int) -> float:
    """The highest learning rate that fine-tuning of a public model has unless it is told another.

    It falls with the width, as that of pre-training. MiniLM, 384 wide, had a test F1 of 0.302 at
    5e-4 and 0.299 at 2e-4 (468 documents of debtags, six epochs, one seed): a range, no optimum.
    """
    return FINE_TUNING_RATE * 384 / max(width, 384)


def activation(settings: Settings, name: str, default: str = "gelu") -> str:
    """Our name of an activation in config.json.

    Raises:
        InputError: it is none that is known.
    """
    found = settings.get(name, default)
    if not isinstance(found, str) or found not in ACTIVATIONS:
        raise InputError(
            f"{settings.path}: {name} {found!r} is unknown, expected one of"
            f" {', '.join(ACTIVATIONS)}."
        )
    return ACTIVATIONS[found]


def dense(tensors: Tensors, name: str, path: str, inputs: int, outputs: int) -> Arrays:
    """A linear layer: its kernel is ours transposed."""
    return {
        f"{path}/kernel": tensors.take(f"{name}.weight", (outputs, inputs)).T,
        f"{path}/bias": tensors.take(f"{name}.bias", (outputs,)),
    }


def norm(tensors: Tensors, name: str, path: str, width: int) -> Arrays:
    """A layer normalization."""
    return {
        f"{path}/gamma": tensors.take(f"{name}.weight", (width,)),
        f"{path}/beta": tensors.take(f"{name}.bias", (width,)),
    }


def post_norm(settings: Settings, **numbers: Any) -> TransformerConfig:
    """The architecture that these numbers of a config.json describe.

    Raises:
        InputError: they describe none; with the name of the file.
    """
    try:
        config = TransformerConfig(
            norm="post",
            positions="learned",
            fine_tuning_rate=fine_tuning_rate(numbers["d_model"]),
            **numbers | {"segments": max(2, numbers.get("segments", 2))},
        )
    except InputError as error:
        raise InputError(f"{settings.path}: {error}") from None
    if config.d_model % config.heads:
        raise InputError(
            f"{settings.path}: a width of {config.d_model} cannot be divided by {config.heads}"
            " attention heads."
        )
    return config


def segment_rows(stored: np.ndarray, config: TransformerConfig) -> np.ndarray:
    """(segments, D) of what is stored, its first row again for those that it lacks."""
    lacking = config.segments - len(stored)
    return np.concatenate([stored, np.repeat(stored[:1], max(0, lacking), axis=0)])


def blocks(tensors: Tensors, config: TransformerConfig, names: BlockNames) -> Arrays:
    """All blocks of a post-norm encoder; queries, keys and values become one product."""
    d, d_ff = config.d_model, config.arguments()["d_ff"]
    arrays: Arrays = {}
    for number in range(config.layers):
        theirs, ours = names.block.format(number), f"encoder/block_{number}"
        parts = [
            dense(tensors, f"{theirs}.{part}", "", d, d)
            for part in (names.query, names.key, names.value)
        ]
        arrays |= {
            f"{ours}/attention/qkv{end}": np.concatenate([part[end] for part in parts], axis=-1)
            for end in ("/kernel", "/bias")
        }
        arrays |= dense(tensors, f"{theirs}.{names.output}", f"{ours}/attention/output", d, d)
        arrays |= dense(tensors, f"{theirs}.{names.inner}", f"{ours}/feed_forward_inner", d, d_ff)
        arrays |= dense(tensors, f"{theirs}.{names.outer}", f"{ours}/feed_forward_outer", d_ff, d)
        arrays |= norm(tensors, f"{theirs}.{names.attention_norm}", f"{ours}/attention_norm", d)
        arrays |= norm(tensors, f"{theirs}.{names.outer_norm}", f"{ours}/feed_forward_norm", d)
    return arrays


def masked_lm_head(
    tensors: Tensors,
    config: TransformerConfig,
    names: HeadNames,
    table: str,
    activation: str | None = None,
) -> Head | None:
    """The head of masked language modelling, if there is one and its scores are ours.

    Args:
        tensors: of the model.
        config: the architecture.
        names: of its parts.
        table: the name of the token embedding, to which the decoder must be tied.
        activation: of the head, if it is not the encoder's.

    Returns:
        None where the folder has none, or one whose decoder is not the token embedding.
    """
    if not tensors.has(f"{names.transform}.weight"):
        return None
    d, vocabulary = config.d_model, config.vocabulary_size
    decoder, biases = names.decoder, dict.fromkeys((names.bias, f"{names.decoder}.bias"))
    stored = [name for name in biases if tensors.has(name)]  # once, or twice the same
    if not stored:
        return None
    if tensors.has(f"{decoder}.weight"):
        if not np.array_equal(tensors.peek(f"{decoder}.weight"), tensors.peek(table)):
            return None
        tensors.take(f"{decoder}.weight", (vocabulary, d))
    arrays = dense(tensors, names.transform, "masked_lm_transform", d, d)
    arrays |= norm(tensors, names.norm, "masked_lm_norm", d)
    for name in reversed(stored):
        arrays["masked_lm/bias"] = tensors.take(name, (vocabulary,))
    return Head(arrays, activation or config.activation, config.epsilon)
