"""The settings that describe the encoder: which one, how large."""

from dataclasses import dataclass, fields
from typing import Any

from kerasbert.choices import EncoderName, Norm, Positions, ShapeName, SizeName
from kerasbert.config import CONFIGS, SIZES, EncoderConfig
from kerasbert.errors import InputError
from kerasbert.settings.given import flags_of, given
from kerasbert.settings.settings import Settings

DEFAULT_ENCODER = "text-cnn"
DEFAULT_SIZE = "small"
# What a shape settles; all else is as for any transformer.
SHAPES: dict[ShapeName, dict[str, Any]] = {
    "bert": {"encoder": "transformer", "norm": "post", "positions": "learned"}
}


@dataclass(frozen=True, kw_only=True)
class EncoderSettings(Settings):
    """The architecture: a named size, and any number of it. Not beside --pretrained."""

    encoder: EncoderName | None = None
    """Which encoder; text-cnn unless given."""
    shape: ShapeName | None = None
    """bert: a transformer of BERT's shape, which other libraries can load (convert --to)."""
    size: SizeName | None = None
    """Named size: d_model 64, 128 or 512; small unless given."""
    d_model: int | None = None
    """Width of the states."""
    layers: int | None = None
    """Transformer: number of blocks."""
    heads: int | None = None
    """Transformer: attention heads of each block."""
    d_k: int | None = None
    """Transformer: width of a query or key in each head; d_model / heads unless given."""
    d_v: int | None = None
    """Transformer: width of a value in each head; d_model / heads unless given."""
    d_ff: int | None = None
    """Transformer: width of the feed-forward layer; 4 x d_model unless given."""
    norm: Norm | None = None
    """Transformer: normalize before each sublayer, or after it as BERT does."""
    filters: int | None = None
    """TextCNN: filters of each width; d_model unless given."""
    dropout: float | None = None
    """Dropout of embedding and encoder; 0.1 unless given, and 0 to pre-train a transformer."""
    positions: Positions | None = None
    """How the order of a text is known: rotary for transformer, none for text-cnn unless given."""
    max_positions: int | None = None
    """Longest text that learned positions can hold; 512 unless given."""

    def architecture(self, vocabulary_size: int, pad_id: int = 0) -> EncoderConfig:
        """The config that these flags describe, for a tokenizer of this size and padding."""
        values = given(self, EncoderSettings)
        if (shape := values.pop("shape", None)) is not None:
            values = self._shaped(shape, values)
        name = values.pop("encoder", DEFAULT_ENCODER)
        size = values.pop("size", DEFAULT_SIZE)
        config = CONFIGS[name]
        known = {field.name for field in fields(config)}
        if foreign := sorted(set(values) - known):
            raise InputError(
                f"{flags_of(foreign)}: not a setting of the {name} encoder; leave it out, or "
                "choose another --encoder."
            )
        sizes = {"vocabulary_size": vocabulary_size, "d_model": SIZES[size], "pad_id": pad_id}
        return config(**sizes | values)

    def _shaped(self, shape: ShapeName, values: dict[str, Any]) -> dict[str, Any]:
        """The flags with what a shape settles.

        Raises:
            InputError: one of them says otherwise.
        """
        for name, settled in SHAPES[shape].items():
            if values.get(name, settled) != settled:
                raise InputError(
                    f"{flags_of([name])} {values[name]}: not beside --shape {shape}, which has"
                    f" {settled}. Leave one of them out."
                )
        return values | SHAPES[shape]


def check_length(architecture: EncoderConfig | None, max_length: int) -> None:
    """Refuse rows that are longer than the table of learned positions."""
    if architecture is None or architecture.positions != "learned":
        return
    if max_length > architecture.max_positions:
        raise InputError(
            f"--max-length {max_length}: the encoder has {architecture.max_positions} positions. "
            "Give a smaller --max-length, or pre-train with a larger --max-positions."
        )
