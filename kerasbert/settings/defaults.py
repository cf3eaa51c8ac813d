"""What suits an encoder where a setting was left open."""

from kerasbert.choices import PoolingName
from kerasbert.config import EncoderConfig, defaults_for

LORA_RATE = 2e-3  # of adapters, at d_model 384; see `fine_tuning_rate`
FROZEN_RATE = 3e-2  # of a head alone; see `fine_tuning_rate`
PRETRAINING_RATE = 2e-3  # at d_model 128; below 64 it stays at twice that


def pooling_of(asked: PoolingName | None, architecture: EncoderConfig | None) -> PoolingName:
    """The pooling asked for, or the encoder's default."""
    return asked or defaults_for(architecture).pooling


def fine_tuning_rate(
    asked: float | None,
    architecture: EncoderConfig | None,
    frozen: bool = False,
    lora: bool = False,
) -> float:
    """The peak learning rate asked for, or the encoder's default; with --frozen that of heads.

    From MiniLM's vectors of 468 documents of debtags 30 epochs at 0.03 gave a validation F1 of
    0.394, at 0.01 of 0.370, at 0.1 of 0.390 (one seed). That of adapters was tried at 0.002 with
    MiniLM alone (docs/guides/public-models.md); it falls with the width as others do.
    """
    if frozen:
        return asked or FROZEN_RATE
    if lora:
        width = 384 if architecture is None else max(architecture.d_model, 128)
        return asked or LORA_RATE * 384 / width
    return asked or defaults_for(architecture).fine_tuning_rate


def pretraining_rate(asked: float | None, architecture: EncoderConfig) -> float:
    """The peak learning rate asked for, or what was best for encoders of this width.

    It falls with the width, as Yang et al. 2022, https://arxiv.org/abs/2203.03466, derive for Adam;
    the runs are in docs/notes.md, "Learning rates".
    """
    return asked or PRETRAINING_RATE * 128 / max(architecture.d_model, 64)


def pretraining_dropout(asked: float | None, architecture: EncoderConfig) -> float:
    """That asked for, or what suits pre-training of this encoder."""
    return architecture.pretraining_dropout if asked is None else asked
