"""The settings of every training."""

from dataclasses import dataclass

from kerasbert.choices import Decay, LogName, Precision
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class TrainingSettings(Settings):
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
    """How the learning rate falls to 0 after a tenth of the run."""
    seed: int = 0
    """Of weights, order, masks and dropout: the same seed gives the same run."""
    limit: int | None = None
    """Load only the first N documents, to try an idea in seconds."""
    save_minutes: float = 10.0
    """Save the state at least so often, for --resume."""
    resume: bool = False
    """Go on with an interrupted run; begins one if there is none."""
    log: LogName | None = None
    """Write the run's figures for TensorBoard (into its folder), MLflow or Weights & Biases."""
    skip_bad_lines: bool = False
    """Leave out lines that cannot be read, or do not fit --kind, count them, and say so."""
