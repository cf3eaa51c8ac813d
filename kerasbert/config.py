"""The architectures as data: frozen dataclasses, the named sizes, to and from JSON.

A config is what a run folder remembers. Builders in `kerasbert.models` read it; layers take flat
arguments and never see it. What depends on the encoder is asked of its config: the arguments of its
layer, its size, and the defaults that suit it. `ENCODERS` has a line for each.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, get_args

from kerasbert.choices import EmbeddingPositions, EncoderName, Norm, PoolingName, Positions
from kerasbert.errors import InputError
from kerasbert.ranges import check_numbers

SIZES = {"tiny": 64, "small": 128, "base": 512}  # d_model


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """What every architecture says of itself: the sizes of its embedding, and these.

    Attributes:
        encoder: its name, in flags and in config.json.
        pretraining_dropout: the dropout of pre-training, where nothing else is asked for.
        pooling: how its states become one vector, likewise. A public model may bring its own.
        fine_tuning_rate: the highest learning rate of fine-tuning, likewise.
        model_type: of the public model that it came from, as Hugging Face names it.
    """

    encoder: ClassVar[str]
    pretraining_dropout: ClassVar[float]
    any_vocabulary: ClassVar[bool] = True  # whether it can be made with more tokens, or fewer

    vocabulary_size: int
    d_model: int = 128
    dropout: float = 0.1
    epsilon: float = 1e-12  # of the layer normalizations
    positions: Positions = "none"
    max_positions: int = 512
    segments: int = 2
    pad_id: int = 0  # of padding, as the tokenizer has it
    embedding_width: int | None = None  # of the tables, if it is not d_model
    pooling: PoolingName = "mean"
    fine_tuning_rate: float = 1e-3
    model_type: str | None = None

    def arguments(self) -> dict[str, Any]:
        """The flat arguments of the encoder's layer, but for its name and seed."""
        raise NotImplementedError

    def embedding_arguments(self) -> dict[str, Any]:
        """The flat arguments of the embedding's layer, but for its name and seed."""
        return {
            "vocabulary_size": self.vocabulary_size,
            "d_model": self.d_model,
            "max_positions": self.max_positions,
            "positions": "learned" if self.positions == "learned" else "none",
            "segments": self.segments,
            "pad_id": self.pad_id,
            "width": self.embedding_width,
            "dropout": self.dropout,
            "epsilon": self.epsilon,
            "offset": self.embedding_offset,
        }

    @property
    def embedding_offset(self) -> bool:
        """Whether the normalization of the embedding has an offset."""
        return True

    def masked_lm_head(self) -> dict[str, Any]:
        """Arguments of `MaskedLM` that its head needs to be that of the public model."""
        return {}

    def encoder_weights(self) -> int:
        """How many numbers the encoder has to learn."""
        raise NotImplementedError

    def multiply_adds(self, positions: float) -> float:
        """Those of the encoder for each position of a row that has so many positions."""
        raise NotImplementedError

    def kept_states(self, positions: float) -> int:
        """Numbers that the backward pass needs of each position, in embedding and encoder."""
        raise NotImplementedError

    def weights(self) -> int:
        """How many numbers embedding and encoder have to learn."""
        rows = self.vocabulary_size + self.segments + 1  # the scale of its normalization
        rows += self.embedding_offset
        rows += self.max_positions if self.positions == "learned" else 0
        width = self.embedding_width or self.d_model
        projection = 0 if width == self.d_model else (width + 1) * self.d_model
        return rows * width + projection + self.encoder_weights()


@dataclass(frozen=True, kw_only=True)
class TransformerConfig(EncoderConfig):
    """A Transformer encoder and its embedding.

    `bert()` is BERT's setting (Devlin et al. 2019). Two defaults are not: `norm="pre"` trains at
    learning rates where post-norm does not (Xiong et al. 2020, https://arxiv.org/abs/2002.04745),
    and with `positions="rotary"` masked LM converges far sooner, as docs/notes.md shows.
    """

    encoder: ClassVar[EncoderName] = "transformer"
    # It learns little by heart in a few passes over raw text, and dropout costs it steps, as
    # Geiping and Goldstein 2022 found, https://arxiv.org/abs/2212.14034; for a TextCNN a draw.
    pretraining_dropout: ClassVar[float] = 0.0

    layers: int = 6
    heads: int = 8
    d_k: int | None = None  # width of a query or key in each head; d_model / heads unless given
    d_v: int | None = None  # width of a value in each head; d_model / heads unless given
    d_ff: int | None = None  # width of the feed-forward layer; 4 x d_model unless given
    attention_dropout: float = 0.0  # above 0, attention leaves the backend's fused path
    norm: Norm = "pre"
    activation: str = "gelu"
    positions: Positions = "rotary"

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

    def arguments(self) -> dict[str, Any]:
        return {
            "layers": self.layers,
            "heads": self.heads,
            "d_k": self.d_k or self.d_model // self.heads,
            "d_v": self.d_v or self.d_model // self.heads,
            "d_ff": self.d_ff or 4 * self.d_model,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "norm": self.norm,
            "activation": self.activation,
            "epsilon": self.epsilon,
            "rotary": self.positions == "rotary",
        }

    @property
    def _widths(self) -> tuple[int, int, int]:
        """Of all heads' keys, of their values, and of the feed-forward layer."""
        flat = self.arguments()
        return self.heads * flat["d_k"], self.heads * flat["d_v"], flat["d_ff"]

    def _kernels(self) -> int:
        keys, values, d_ff = self._widths
        return self.layers * self.d_model * (2 * keys + 2 * values + 2 * d_ff)

    def encoder_weights(self) -> int:
        keys, values, d_ff = self._widths
        biases = (2 * keys + values) + self.d_model + d_ff + self.d_model
        norms = 2 * self.layers + (self.norm == "pre")
        return self._kernels() + self.layers * biases + 2 * norms * self.d_model

    def multiply_adds(self, positions: float) -> float:
        keys, values, _ = self._widths
        return self._kernels() + self.layers * positions * (keys + values)

    def kept_states(self, positions: float) -> int:
        keys, values, d_ff = self._widths
        states = self.layers * (6 * self.d_model + 2 * keys + values + 2 * d_ff)
        return states + int(self.layers * 2 * self.heads * positions)  # attention probabilities


@dataclass(frozen=True, kw_only=True)
class TextCNNConfig(EncoderConfig):
    """A TextCNN encoder that keeps a state per position, and its embedding.

    A convolution knows the order of its window, so there are no position embeddings by default,
    and a text of any length can be read.
    """

    encoder: ClassVar[EncoderName] = "text-cnn"
    pretraining_dropout: ClassVar[float] = 0.1

    filters: int | None = None  # of each width; d_model unless given
    widths: tuple[int, ...] = (2, 3, 4, 5)
    convolutions: int = 2
    activation: str = "gelu"
    epsilon: float = 1e-6
    positions: EmbeddingPositions = "none"
    pooling: PoolingName = "mean-max"
    fine_tuning_rate: float = 4e-3

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))  # JSON brings a list
        check_numbers(vars(self), shown=str)
        if self.positions not in (known := get_args(EmbeddingPositions)):
            raise InputError(
                f"positions {self.positions!r}: the text-cnn encoder takes {' or '.join(known)}."
            )
        if not self.widths:
            raise InputError("widths: expected one or more, received none.")

    def arguments(self) -> dict[str, Any]:
        return {
            "filters": self.filters or self.d_model,
            "widths": self.widths,
            "convolutions": self.convolutions,
            "dropout": self.dropout,
            "activation": self.activation,
            "epsilon": self.epsilon,
        }

    def _kernels(self) -> int:
        filters = self.arguments()["filters"]
        deep = (self.convolutions - 1) * filters * filters
        kernels = sum(width * (self.d_model * filters + deep) for width in self.widths)
        return kernels + 2 * len(self.widths) * filters * self.d_model

    def encoder_weights(self) -> int:
        filters = self.arguments()["filters"]
        biases = len(self.widths) * self.convolutions * filters + self.d_model
        return self._kernels() + biases + 2 * self.d_model

    def multiply_adds(self, positions: float) -> float:
        return float(self._kernels())  # the maxima as if documents shared a row: of each position

    def kept_states(self, positions: float) -> int:
        filters = self.arguments()["filters"]
        return len(self.widths) * filters * (2 * self.convolutions + 2) + 6 * self.d_model


@dataclass(frozen=True, kw_only=True)
class ModernBertConfig(EncoderConfig):
    """A ModernBERT encoder (Warner et al. 2024) and its embedding: `ModernBertEncoder`.

    It has no segments, and no offset in any normalization. Runs of earlier versions have both in
    their embedding and head, with two segments.
    """

    encoder: ClassVar[EncoderName] = "modernbert"
    pretraining_dropout: ClassVar[float] = 0.0  # as it was trained

    layers: int = 6
    heads: int = 8
    d_ff: int | None = None  # width of the gated feed-forward layer; 3/2 x d_model unless given
    attention_dropout: float = 0.0
    activation: str = "gelu"
    epsilon: float = 1e-5
    window: int = 64  # how far all blocks but some see to each side
    global_every: int = 3  # of so many blocks the first sees the whole row
    local_base: float = 10_000.0
    global_base: float = 160_000.0
    positions: Positions = "rotary"
    max_positions: int = 8192
    segments: int = 0

    @property
    def embedding_offset(self) -> bool:
        return self.segments > 0

    def masked_lm_head(self) -> dict[str, Any]:
        head = {"activation": self.activation, "epsilon": self.epsilon}
        return head if self.segments else head | {"bias": False}

    def __post_init__(self) -> None:
        check_numbers(vars(self), shown=str)
        if self.d_model % (2 * self.heads):
            raise InputError(
                f"d_model {self.d_model}: expected a multiple of twice the {self.heads} heads."
            )
        if self.positions != "rotary":
            raise InputError(
                f"positions {self.positions!r}: the modernbert encoder takes rotary ones."
            )

    def arguments(self) -> dict[str, Any]:
        return {
            "layers": self.layers,
            "heads": self.heads,
            "d_ff": self.d_ff or 3 * self.d_model // 2,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "activation": self.activation,
            "epsilon": self.epsilon,
            "window": self.window,
            "global_every": self.global_every,
            "local_base": self.local_base,
            "global_base": self.global_base,
        }

    def _kernels(self) -> int:
        return self.layers * self.d_model * (4 * self.d_model + 3 * self.arguments()["d_ff"])

    def encoder_weights(self) -> int:
        return self._kernels() + 2 * self.layers * self.d_model

    def multiply_adds(self, positions: float) -> float:
        # The window is a mask: what it hides is computed, too.
        return self._kernels() + self.layers * positions * 2 * self.d_model

    def kept_states(self, positions: float) -> int:
        states = self.layers * (9 * self.d_model + 4 * self.arguments()["d_ff"])
        return states + int(self.layers * 2 * self.heads * positions)  # attention probabilities


@dataclass(frozen=True, kw_only=True)
class KerasHubConfig(EncoderConfig):
    """A text backbone of KerasHub, taken as it is: `KerasHubEmbedding` and `KerasHubEncoder`.

    Attributes:
        backbone: how Keras writes it: its class and the arguments of that.
        parameters: how many numbers its encoder has to learn.
    """

    encoder: ClassVar[str] = "keras-hub"
    any_vocabulary: ClassVar[bool] = False  # its backbone brings the table
    pretraining_dropout: ClassVar[float] = 0.0

    backbone: dict[str, Any]
    parameters: int
    positions: Positions = "learned"  # a longer text than max_positions is refused

    def _given(self) -> dict[str, Any]:
        """The backbone with the dropout of this config, if its class has one."""
        arguments = self.backbone["config"]
        dropout = {"dropout": self.dropout} if "dropout" in arguments else {}
        return self.backbone | {"config": arguments | dropout}

    def arguments(self) -> dict[str, Any]:
        return {"backbone": self._given()}

    def embedding_arguments(self) -> dict[str, Any]:
        sizes = {"vocabulary_size": self.vocabulary_size, "pad_id": self.pad_id}
        return {"backbone": self._given(), **sizes}

    def encoder_weights(self) -> int:
        return self.parameters

    def multiply_adds(self, positions: float) -> float:
        return float(self.parameters)  # at least: layers that share weights compute with them anew

    def kept_states(self, positions: float) -> int:
        layers = self.backbone["config"].get("num_layers", 1)
        return 18 * layers * self.d_model  # as a Transformer's, whose feed-forward layer is 4 x d


# By name the architecture, and its layer in `kerasbert.layers`: by name too, because that needs
# Keras, and a flag does not.
ENCODERS: dict[str, tuple[type[EncoderConfig], str]] = {
    "text-cnn": (TextCNNConfig, "TextCNNEncoder"),
    "transformer": (TransformerConfig, "TransformerEncoder"),
    "modernbert": (ModernBertConfig, "ModernBertEncoder"),
}
CONFIGS = {name: config for name, (config, _) in ENCODERS.items()}
# And those that nobody can ask for by name: they come with a public model.
BROUGHT: dict[str, type[EncoderConfig]] = {KerasHubConfig.encoder: KerasHubConfig}


def defaults_for(architecture: EncoderConfig | None) -> EncoderConfig | type[EncoderConfig]:
    """Whose defaults hold; the TextCNN's for a user's own encoder, which has no config."""
    return TextCNNConfig if architecture is None else architecture


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
    configs = CONFIGS | BROUGHT
    if name not in configs:
        raise InputError(f"encoder {name!r} is unknown: expected one of {', '.join(configs)}.")
    known = {field.name for field in fields(configs[name])}
    if unknown := set(values) - known:
        raise InputError(
            f"the settings {', '.join(sorted(unknown))} of encoder {name!r} are unknown here: "
            "was the run made by a newer version of kerasbert?"
        )
    return configs[name](**values)
