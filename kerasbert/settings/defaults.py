"""What suits an encoder where a setting was left open."""

from kerasbert.choices import PoolingName
from kerasbert.config import EncoderConfig

POOLING: dict[str, PoolingName] = {"text-cnn": "mean-max", "transformer": "mean"}
FINE_TUNING_RATES = {"text-cnn": 4e-3, "transformer": 1e-3}
PRETRAINING_RATE = 2e-3  # at d_model 128; below 64 it stays at twice that
# A Transformer learns little by heart in a few passes over raw text, and dropout costs it steps, as
# Geiping and Goldstein 2022 found, https://arxiv.org/abs/2212.14034; for a TextCNN it is a draw.
PRETRAINING_DROPOUT = {"text-cnn": 0.1, "transformer": 0.0}


def encoder_name(architecture: EncoderConfig | None) -> str:
    """Whose defaults hold; the TextCNN's for a user's own encoder, which has no config."""
    return "text-cnn" if architecture is None else architecture.encoder


def pooling_of(asked: PoolingName | None, architecture: EncoderConfig | None) -> PoolingName:
    """The pooling asked for, or the encoder's default."""
    return asked or POOLING[encoder_name(architecture)]


def fine_tuning_rate(asked: float | None, architecture: EncoderConfig | None) -> float:
    """The peak learning rate asked for, or the encoder's default."""
    return asked or FINE_TUNING_RATES[encoder_name(architecture)]


def pretraining_rate(asked: float | None, architecture: EncoderConfig) -> float:
    """The peak learning rate asked for, or what was best for encoders of this width.

    It falls with the width, as Yang et al. 2022, https://arxiv.org/abs/2203.03466, derive for Adam;
    the runs are in docs/notes.md, "Learning rates".
    """
    return asked or PRETRAINING_RATE * 128 / max(architecture.d_model, 64)


def pretraining_dropout(asked: float | None, architecture: EncoderConfig) -> float:
    """That asked for, or what suits pre-training of this encoder."""
    return PRETRAINING_DROPOUT[architecture.encoder] if asked is None else asked
