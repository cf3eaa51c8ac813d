"""What a user can set, as dataclasses that check themselves: no Keras, no command line.

The string below a field is its help. The command line shows these classes as flags.
"""

from kerasbert.settings.compare import CompareSettings
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.settings.pretrain import PretrainSettings

__all__ = ["CompareSettings", "FineTuneSettings", "PretrainSettings"]
