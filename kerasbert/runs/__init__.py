"""Run folders, and loading what they hold.

To import it registers every layer and loss of ours that a model in a run may hold with Keras.
"""

import kerasbert.heads.classification.losses
import kerasbert.layers
import kerasbert.tasks  # noqa: F401
from kerasbert.runs.folder import RunFolder, load_model

__all__ = ["RunFolder", "load_model"]
