"""The settings of regression."""

from dataclasses import dataclass

from kerasbert.choices import BestNumber
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RegressionSettings(Settings):
    """How numbers are predicted, in fine-tuning and in every run of a comparison."""

    best: BestNumber = "spearman"
    """With --head regression, the figure on --valid that chooses the epoch."""
    coverage: float = 0.9
    """With --head regression, the share of right numbers that intervals shall hold."""
