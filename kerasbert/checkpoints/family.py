"""What a family of public models has to say of itself: config, weights, tokenizer."""

from collections.abc import Mapping
from typing import Any, Protocol

from kerasbert.checkpoints.heads import ClassifierHead, MaskedLMHead
from kerasbert.checkpoints.places import Arrays, Place
from kerasbert.checkpoints.public_folder import Settings
from kerasbert.choices import VocabularyFiles
from kerasbert.config import EncoderConfig


class Family(Protocol):
    """A family is any object with these; each stands in one file. `config` is its `architecture`.

    Attributes:
        model_types: its names, as `model_type` of config.json has them.
        class_name: what the names of its classes begin with, by `model_type`.
        prefixes: what may stand before the names of the encoder's weights.
        parts: what these names begin with; those of heads begin with others.
        table: the name of the token embedding, which every model of the family has.
        plain_token_heads: whether its classes that say something of each token have one linear
            layer for that.
        vocabulary_files: how its tokenizer is written where there is no tokenizer.json.
    """

    model_types: tuple[str, ...]
    class_name: Mapping[str, str]
    prefixes: tuple[str, ...]
    parts: tuple[str, ...]
    table: str
    plain_token_heads: bool
    vocabulary_files: VocabularyFiles

    def architecture(self, settings: Settings) -> EncoderConfig:
        """Our config. It has the numbers of the file, not yet what the tokenizer says."""

    def places(self, config: Any) -> list[Place]:
        """Of the weights of embedding and encoder."""

    def pooler(self, config: Any) -> list[Place]:
        """Of a pooling of [CLS] with tanh; none where the family has no such thing."""

    def masked_lm(self, config: Any) -> MaskedLMHead:
        """The head of masked language modelling."""

    def classifier(self, config: Any, settings: Settings | None = None) -> ClassifierHead:
        """The head that classifies texts, as `settings` or its own defaults have it."""

    def public(self, config: Any, arrays: Arrays) -> dict[str, Any]:
        """What config.json says of a model; changes `arrays`, ours, so that `places` hold them."""
