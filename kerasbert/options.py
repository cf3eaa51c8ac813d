"""The flags that several commands share. Nothing here imports Keras: `--help` is instant."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from kerasbert.choices import (
    Decay,
    EncoderName,
    LongText,
    LossName,
    Norm,
    PoolingName,
    Positions,
    Precision,
    RuleName,
    SizeName,
    StyleName,
    WindowPooling,
)
from kerasbert.config import CONFIGS, SIZES, EncoderConfig
from kerasbert.errors import InputError
from kerasbert.flags import Flags
from kerasbert.ranges import flag

if TYPE_CHECKING:
    from kerasbert.tokenizer.tokenizer import Tokenizer

DEFAULT_ENCODER = "text-cnn"
DEFAULT_SIZE = "small"
LEAD = 16


@dataclass(frozen=True, kw_only=True)
class EncoderOptions(Flags):
    """The architecture: a named size, and any number of it. Not beside --pretrained."""

    encoder: EncoderName | None = None
    """Which encoder; text-cnn unless given."""
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
        given = given_flags(self, EncoderOptions)
        name = given.pop("encoder", DEFAULT_ENCODER)
        size = given.pop("size", DEFAULT_SIZE)
        config = CONFIGS[name]
        known = {field.name for field in fields(config)}
        if foreign := sorted(set(given) - known):
            raise InputError(
                f"{_flags(foreign)}: not a setting of the {name} encoder; leave it out, or choose "
                "another --encoder."
            )
        sizes = {"vocabulary_size": vocabulary_size, "d_model": SIZES[size], "pad_id": pad_id}
        return config(**sizes | given)


@dataclass(frozen=True, kw_only=True)
class TokenizerOptions(Flags):
    """The tokenizer to train, or one to take. Not beside --pretrained."""

    tokenizer: StyleName | None = None
    """How text becomes tokens; wordpiece unless given. jieba (kerasbert[zh]) is for Chinese."""
    tokenizer_file: Path | None = None
    """Take this tokenizer.json instead of training one."""
    vocab_size: int | None = None
    """The most entries of the vocabulary; 20000 unless given."""
    lowercase: bool = True
    """Whether the tokenizer lower-cases the text."""

    def for_training(self) -> dict[str, Any]:
        """Arguments of `train_tokenizer` and `prepare_store`."""
        return {
            "style": self.tokenizer or "wordpiece",
            "vocabulary_size": 20000 if self.vocab_size is None else self.vocab_size,
            "lowercase": self.lowercase,
        }

    def from_file(self) -> "Tokenizer | None":
        """The tokenizer of --tokenizer-file."""
        if self.tokenizer_file is None:
            return None
        if self.vocab_size is not None or not self.lowercase:
            raise InputError(
                "--vocab-size and --no-lowercase are for a tokenizer that is trained: the one of "
                "--tokenizer-file is what it is."
            )
        from kerasbert.command import say
        from kerasbert.tokenizer.special_ids import NO_MASK
        from kerasbert.tokenizer.tokenizer import Tokenizer

        # The file of a jieba tokenizer encodes segmented text: only its user knows that.
        segmenter = "jieba" if self.tokenizer == "jieba" else None
        tokenizer = Tokenizer.load(self.tokenizer_file, segmenter=segmenter)
        if tokenizer.special.mask is None:
            say(f"{self.tokenizer_file}: {NO_MASK}: masked LM is not possible, all else is")
        return tokenizer


@dataclass(frozen=True, kw_only=True)
class LongTextOptions(Flags):
    """What becomes of texts that are longer than a row."""

    max_length: int = 200
    """Positions of the longest text; longer ones are cut, and counted."""
    long: LongText = "cut"
    """chunk: split a longer text into overlapping windows of --max-length instead."""
    overlap: int | None = None
    """With --long chunk: tokens that two windows share; a quarter of --max-length unless given."""
    windows: int = 16
    """With --long chunk: the most windows of a text; what is beyond them is cut, and counted."""
    window_pooling: WindowPooling = "mean"
    """With --long chunk: how the vectors of a text's windows become one."""

    def check_long_texts(self) -> None:
        """Refuse windows that no text can be split into."""
        if self.long == "cut" and self.overlap is not None:
            raise InputError("--overlap: expected beside --long chunk.")
        if self.long == "chunk" and not 0 <= self.shared_tokens < self.max_length - 2:
            raise InputError(
                f"--overlap: expected 0 to {self.max_length - 3}, fewer than a window of "
                f"--max-length {self.max_length} has, received {self.shared_tokens}."
            )

    @property
    def shared_tokens(self) -> int:
        """Tokens that two windows have in common."""
        return self.max_length // 4 if self.overlap is None else self.overlap


@dataclass(frozen=True, kw_only=True)
class FineTuningOptions(LongTextOptions):
    """How a classifier learns, in fine-tuning and in every run of a comparison."""

    loss: LossName = "cross-entropy"
    """weighted, focal and asymmetric give rare labels more weight; focal suits every kind."""
    label_smoothing: float = 0.0
    """Share of the target that cross-entropy spreads over all answers."""
    layer_decay: float = 1.0
    """Learning rate of each block of the encoder as a share of that of the block behind it."""
    freeze_epochs: float = 0.0
    """Leave embedding and encoder as they are for so many epochs."""
    average: float = 0.15
    """Evaluate and keep the average of the weights over this share of an epoch; 0 for none."""
    linear_svm: Annotated[bool | None, tyro.conf.arg(constructor=bool)] = None
    """Answer with the mean of the network and of linear SVMs on a single text's tokens (TF-IDF).
    Unless given: yes, up to 100 million weights (features x labels)."""
    pooling: PoolingName | None = None
    """How states become one vector; mean-max for text-cnn, mean for transformer unless given."""
    masked_lm: float = 0.0
    """Learn to predict hidden words of the labelled texts as well, with this weight; 0 for not."""
    lead: int | None = None
    """Read the first N positions by themselves, too; 16 unless given, 0 for pairs and windows."""
    rule: RuleName | None = None
    """What a document gets that no label reaches: the most probable one (at-least-one) or none
    (threshold), as --valid prefers unless given. top-k: always the --top-k most probable."""
    top_k: int | None = None
    """Labels a document, for --rule top-k."""

    @property
    def _can_lead(self) -> bool:
        return self.long != "chunk" and self.pooling != "cls"

    def leading_positions(self, pairs: bool) -> int:
        """What --lead says, or what is best where it says nothing."""
        if self.lead is None:
            return LEAD if self._can_lead and not pairs else 0
        return self.lead

    def check_fine_tuning(self) -> None:
        """Refuse flags that exclude each other."""
        self.check_long_texts()
        if (self.rule == "top-k") != (self.top_k is not None):
            raise InputError("--rule top-k and --top-k N: expected both or neither.")
        if self.masked_lm and self.long == "chunk":
            raise InputError("--masked-lm: not beside --long chunk.")
        if self.lead and not self._can_lead:
            raise InputError("--lead: not beside --long chunk or --pooling cls.")
        if self.label_smoothing and self.loss != "cross-entropy":
            raise InputError(f"--label-smoothing: not beside --loss {self.loss}.")


@dataclass(frozen=True, kw_only=True)
class TrainingOptions(Flags):
    """What every training command takes."""

    batch_size: int = 32
    """Rows a training step."""
    accumulate: int = 1
    """Average the gradients of so many steps before the weights change: larger batches than fit."""
    precision: Precision = "float32"
    """bfloat16: compute in 16 bits where that is safe; the weights stay in float32."""
    learning_rate: float | None = None
    """The highest learning rate of the run; by the encoder unless given."""
    decay: Decay = "linear"
    """How it falls to 0 after a tenth of the run."""
    seed: int = 0
    """Of weights, order, masks and dropout: the same seed gives the same run."""
    limit: int | None = None
    """Load only the first N documents, to try an idea in seconds."""
    save_minutes: float = 10.0
    """Save the state at least so often, for --resume."""
    resume: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Go on with an interrupted run; begins one if there is none."""
    skip_bad_lines: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False
    """Leave out lines that cannot be read, or do not fit --kind, count them, and say so."""


def check_length(architecture: EncoderConfig | None, max_length: int) -> None:
    """Refuse rows that are longer than the table of learned positions."""
    if architecture is None or architecture.positions != "learned":
        return
    if max_length > architecture.max_positions:
        raise InputError(
            f"--max-length {max_length}: the encoder has {architecture.max_positions} positions. "
            "Give a smaller --max-length, or pre-train with a larger --max-positions."
        )


def shared_flags(options: Any, target: type) -> dict[str, Any]:
    """The flags of one command that another one, `target`, has under the same names."""
    names = [field.name for field in fields(target)]
    return {name: getattr(options, name) for name in names if hasattr(options, name)}


def given_flags(options: Any, group: type) -> dict[str, Any]:
    """The flags of `group` that differ from their defaults."""
    return {
        field.name: getattr(options, field.name)
        for field in fields(group)
        if getattr(options, field.name) != field.default
    }


def refuse_beside_pretrained(options: Any, *groups: type) -> None:
    """A pre-trained run brings its architecture and tokenizer."""
    given = [name for group in groups for name in given_flags(options, group)]
    if given:
        raise InputError(
            f"{_flags(given)}: not beside --pretrained, whose run brings architecture and "
            "tokenizer. Leave it out, or train without --pretrained."
        )


def _flags(names: list[str]) -> str:
    return ", ".join(map(flag, names))
