"""What all families of BERT's shape have in common: numbers of config.json, and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kerasbert.checkpoints.places import Place, dense, norm
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.config import EncoderConfig, TransformerConfig
from kerasbert.errors import InputError

FINE_TUNING_RATE = 1e-4  # the highest, at a width of 384; see `fine_tuning_rate`
# The first name of each of ours is the one that is written.
ACTIVATIONS = {
    **dict.fromkeys(("gelu", "gelu_python"), "gelu"),
    **dict.fromkeys(("gelu_new", "gelu_pytorch_tanh", "gelu_fast"), "gelu_tanh"),
    **{"relu": "relu", "silu": "silu", "swish": "silu"},
}
# By the field of our config, its name in config.json and what it is where the file has none.
Numbers = Mapping[str, tuple[str, Any]]


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


def fine_tuning_rate(width: int) -> float:
    """The highest learning rate that fine-tuning of a public model has unless it is told another.

    It falls with the width, as that of pre-training: 5e-5 for the 768 of BERT-base, the highest
    that Devlin et al. 2019, https://arxiv.org/abs/1810.04805, appendix A.3, recommend. What was
    measured with MiniLM, 384 wide, is in docs/notes.md, "The rate of a public model".
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


def public_activation(name: str) -> str:
    """What config.json calls an activation of ours.

    Raises:
        InputError: it has no name for it.
    """
    for theirs, ours in ACTIVATIONS.items():
        if ours == name:
            return theirs
    raise InputError(
        f"activation {name!r}: expected one of {', '.join(dict.fromkeys(ACTIVATIONS.values()))},"
        " which public models have."
    )


def numbers(settings: Settings, names: Numbers) -> dict[str, Any]:
    """The fields of our config that config.json has numbers for."""
    return {field: settings.number(name, default) for field, (name, default) in names.items()}


def public_numbers(config: EncoderConfig, names: Numbers) -> dict[str, Any]:
    """The same the other way round: config.json's numbers, of our config."""
    values = vars(config) | config.arguments()
    return {name: values[field] for field, (name, _) in names.items()}


def post_norm(settings: Settings, **values: Any) -> TransformerConfig:
    """The architecture that these values of a config.json describe.

    Raises:
        InputError: they describe none; with the name of the file.
    """
    try:
        config = TransformerConfig(
            norm="post",
            positions="learned",
            model_type=settings.model_type,
            fine_tuning_rate=fine_tuning_rate(values["d_model"]),
            **values | {"segments": max(2, values.get("segments", 2))},
        )
    except InputError as error:
        raise InputError(f"{settings.path}: {error}") from None
    if config.d_model % config.heads:
        raise InputError(
            f"{settings.path}: a width of {config.d_model} cannot be divided by {config.heads}"
            " attention heads."
        )
    return config


def blocks(config: TransformerConfig, names: BlockNames) -> list[Place]:
    """All blocks of a post-norm encoder; queries, keys and values are one product of ours."""
    d, d_ff = config.d_model, config.arguments()["d_ff"]
    places: list[Place] = []
    for number in range(config.layers):
        theirs, ours = names.block.format(number), f"encoder/block_{number}"
        parts = [f"{theirs}.{part}" for part in (names.query, names.key, names.value)]
        kernels, biases = (tuple(f"{part}.{end}" for part in parts) for end in ("weight", "bias"))
        places += [
            Place(f"{ours}/attention/qkv/kernel", kernels, (d, d), transposed=True),
            Place(f"{ours}/attention/qkv/bias", biases, (d,)),
            *dense(f"{theirs}.{names.output}", f"{ours}/attention/output", d, d),
            *dense(f"{theirs}.{names.inner}", f"{ours}/feed_forward_inner", d, d_ff),
            *dense(f"{theirs}.{names.outer}", f"{ours}/feed_forward_outer", d_ff, d),
            *norm(f"{theirs}.{names.attention_norm}", f"{ours}/attention_norm", d),
            *norm(f"{theirs}.{names.outer_norm}", f"{ours}/feed_forward_norm", d),
        ]
    return places
