"""The architectures as data: frozen dataclasses, the named sizes, to and from JSON.

A config is what a run folder remembers. Builders in `kerasbert.models` read it; layers take flat
arguments and never see it.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_args

from kerasbert.choices import EmbeddingPositions, Norm, Positions
from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers

SIZES = {"tiny": 64, "small": 128, "base": 512}  # d_model


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """A Transformer encoder and its embedding.

    `bert()` is BERT's setting (Devlin et al. 2019). Two defaults are not: `norm="pre"` trains at
    learning rates where post-norm does not (Xiong et al. 2020, https://arxiv.org/abs/2002.04745),
    and with `positions="rotary"` masked LM converges far sooner, as docs/notes.md shows.
    """

    encoder: ClassVar[str] = "transformer"

    vocabulary_size: int
    d_model: int = 128
    layers: int = 6
    heads: int = 8
    d_k: int | None = None  # width of a query or key in each head; d_model / heads unless given
    d_v: int | None = None  # width of a value in each head; d_model / heads unless given
    d_ff: int | None = None  # width of the feed-forward layer; 4 x d_model unless given
    dropout: float = 0.1
    attention_dropout: float = 0.0  # above 0, attention leaves the backend's fused path
    norm: Norm = "pre"
    activation: str = "gelu"
    epsilon: float = 1e-12
    positions: Positions = "rotary"
    max_positions: int = 512
    segments: int = 2
    pad_id: int = 0  # of padding, as the tokenizer has it

    def __post_init__(self) -> None:
        check_numbers(vars(self), shown=str)
        if self.d_model % self.heads and (self.d_k is None or self.d_v is None):
            raise InputError(
                f"d_model {self.d_model} cannot be divided by {self.heads} heads: choose a "
                "multiple, or give d_k and d_v."
            )
        if self.positions == "rotary" and (self.d_k or self.d_model // self.heads) % 2:
            raise InputError(
                "rotary positions need an even d_k: choose another d_model, heads or d_k, or"
                " learned positions."
            )

    @classmethod
    def bert(cls, **changes: Any) -> "TransformerConfig":
        """BERT's setting: post-norm, learned positions, dropout on attention probabilities too."""
        settings: dict[str, Any] = {"norm": "post", "positions": "learned"}
        return cls(**{**settings, "attention_dropout": 0.1, **changes})


@dataclass(frozen=True, kw_only=True)
class TextCNNConfig:
    """A TextCNN encoder that keeps a state per position, and its embedding.

    A convolution knows the order of its window, so there are no position embeddings by default,
    and a text of any length can be read.
    """

    encoder: ClassVar[str] = "text-cnn"

    vocabulary_size: int
    d_model: int = 128
    filters: int | None = None  # of each width; d_model unless given
    widths: tuple[int, ...] = (2, 3, 4, 5)
    convolutions: int = 2
    dropout: float = 0.1
    activation: str = "gelu"
    epsilon: float = 1e-6
    positions: EmbeddingPositions = "none"
    max_positions: int = 512
    segments: int = 2
    pad_id: int = 0  # of padding, as the tokenizer has it

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))  # JSON brings a list
        check_numbers(vars(self), shown=str)
        if self.positions not in (known := get_args(EmbeddingPositions)):
            raise InputError(
                f"positions {self.positions!r}: the text-cnn encoder takes {' or '.join(known)}."
            )
        if not self.widths:
            raise InputError("widths: expected one or more, received none.")


EncoderConfig = TransformerConfig | TextCNNConfig
CONFIGS: dict[str, type[TransformerConfig] | type[TextCNNConfig]] = {
    "text-cnn": TextCNNConfig,
    "transformer": TransformerConfig,
}


def config_to_json(config: EncoderConfig) -> dict[str, Any]:
    """A dict of plain JSON values, with the encoder's name under "encoder"."""
    return {"encoder": config.encoder, **asdict(config)}


def config_from_json(values: dict[str, Any]) -> EncoderConfig:
    """The config that `config_to_json` wrote.

    Raises:
        InputError: an unknown encoder or setting, as a newer version may have written.
    """
    values = dict(values)
    name = values.pop("encoder", None)
    if name not in CONFIGS:
        raise InputError(f"encoder {name!r} is unknown: expected one of {', '.join(CONFIGS)}.")
    known = {field.name for field in fields(CONFIGS[name])}
    if unknown := set(values) - known:
        raise InputError(
            f"the settings {', '.join(sorted(unknown))} of encoder {name!r} are unknown here: "
            "was the run made by a newer version of kerasbert?"
        )
    return CONFIGS[name](**values)
