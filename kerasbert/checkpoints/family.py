"""What a family of public models has to say of itself: config, weights, tokenizer."""

from typing import Any, Protocol

from kerasbert.checkpoints.public_folder import Settings
from kerasbert.checkpoints.shapes import Arrays, Head
from kerasbert.checkpoints.tensors import Tensors
from kerasbert.choices import VocabularyFiles
from kerasbert.config import EncoderConfig


class Family(Protocol):
    """A family is any object with these; each stands in one file. `config` is its `architecture`.

    Attributes:
        model_types: its names, as `model_type` of config.json has them.
        prefixes: what may stand before the names of the encoder's weights.
        probe: a weight that every model of the family has, without prefix.
        vocabulary_files: how its tokenizer is written where there is no tokenizer.json.
    """

    model_types: tuple[str, ...]
    prefixes: tuple[str, ...]
    probe: str
    vocabulary_files: VocabularyFiles

    def architecture(self, settings: Settings) -> EncoderConfig:
        """Our config. It has the numbers of the file, not yet what the tokenizer says."""

    def arrays(self, tensors: Tensors, config: Any) -> Arrays:
        """The weights of embedding and encoder."""

    def pooler(self, tensors: Tensors, config: Any) -> Arrays | None:
        """The weights of a pooling of [CLS] with tanh, if the folder has one."""

    def head(self, tensors: Tensors, config: Any) -> Head | None:
        """The masked-LM head, if the folder has one that is ours."""
