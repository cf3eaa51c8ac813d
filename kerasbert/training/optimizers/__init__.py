"""How weights change: AdamW, its schedule, rates by layer, averages."""

from kerasbert.training.optimizers.adamw import AdamW
from kerasbert.training.optimizers.averaging import OnAverage, average_momentum, averaged
from kerasbert.training.optimizers.schedule import WarmupDecay, build_optimizer

__all__ = ["AdamW", "OnAverage", "WarmupDecay", "average_momentum", "averaged", "build_optimizer"]
