"""The settings of a fine-tuning."""

from dataclasses import dataclass
from pathlib import Path

from kerasbert.choices import BY_TOKEN
from kerasbert.errors import InputError
from kerasbert.settings.answering import AnsweringSettings
from kerasbert.settings.classifier import ClassifierSettings
from kerasbert.settings.data import DataSettings
from kerasbert.settings.encoder import EncoderSettings, check_length
from kerasbert.settings.given import refuse_beside_pretrained
from kerasbert.settings.heads import asked_head
from kerasbert.settings.learning import LearningSettings
from kerasbert.settings.regression import RegressionSettings
from kerasbert.settings.tagging import TaggingSettings
from kerasbert.settings.teaching import TeachingSettings
from kerasbert.settings.tokenizer import TokenizerSettings
from kerasbert.settings.training import TrainingSettings

EPOCHS = 7
FROZEN_EPOCHS = 30


@dataclass(frozen=True, kw_only=True)
class FineTuneSettings(
    DataSettings,
    EncoderSettings,
    TokenizerSettings,
    TrainingSettings,
    LearningSettings,
    ClassifierSettings,
    RegressionSettings,
    TaggingSettings,
    AnsweringSettings,
    TeachingSettings,
):
    """Labelled text in, a run folder with a model that predicts labels, numbers, spans or
    answers out.

    Example: kerasbert finetune --pretrained runs/lm --train train.txt --valid valid.txt
    --test test.txt --out runs/tags
    """

    train: Path
    """Labelled text to learn from: lines of text __label__a __label__b, a table or JSON Lines."""
    valid: Path | None = None
    """Labelled text that chooses epoch and threshold; or --valid-share."""
    out: Path
    """The folder of the run."""
    test: Path | None = None
    """Labelled text that nothing is chosen on: for the last figure only."""
    pretrained: str | None = None
    """The run, the folder of a public model or hf://owner/name[@revision], whose tokenizer,
    architecture and weights to start from."""
    from_scratch: bool = False
    """Take tokenizer and architecture of --pretrained, but none of its weights."""
    frozen: bool = False
    """Leave the encoder of --pretrained as it is: it reads each text once, then only the head
    learns, from the vectors. For a classifier from a public model in minutes."""
    vectors_cache: Path | None = None
    """With --frozen or --teacher: a folder where the vectors, or the teacher's answers, stay for
    further runs on the same texts."""
    lora: int | None = None
    """Beside each kernel of the encoder of --pretrained let two thin ones of this rank learn in its
    place; the run has their product added. For a large encoder in little memory."""
    rival: bool | None = None
    """Judge TF-IDF + LinearSVC beside it (kerasbert[rival]). Unless given: yes, where scikit-learn
    is installed and it takes half a minute at most."""
    epochs: int | None = None
    """Passes over the training data; 7, or 30 with --frozen, unless --minutes is given."""
    minutes: float | None = None
    """Or minutes of training and validation: as many whole epochs as fit."""
    patience: int | None = None
    """Stop after so many epochs without a better figure on --valid."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_learning()
        self.check_classifier()
        asked_head(self)
        self.check_valid(self.valid)
        if self.epochs is not None and self.minutes is not None:
            raise InputError("expected at most one of --epochs and --minutes.")
        if self.epochs is None and self.minutes is None:
            object.__setattr__(self, "epochs", FROZEN_EPOCHS if self.frozen else EPOCHS)
        self._check_frozen()
        self._check_lora()
        self.check_teaching(
            {
                "--frozen": self.frozen,
                "--masked-lm": self.masked_lm != 0,
                "--pair apart": self.pair == "apart",
                f"--head {self.head}": self.head in BY_TOKEN,
            }
        )
        if self.pretrained is not None:
            refuse_beside_pretrained(self, EncoderSettings, TokenizerSettings)
        elif self.from_scratch:
            raise InputError("--from-scratch: expected beside --pretrained RUN.")
        else:
            check_length(self.architecture(vocabulary_size=1), self.max_length)

    def _check_frozen(self) -> None:
        """Refuse what a frozen encoder cannot do.

        Raises:
            InputError: naming the flag.
        """
        if not self.frozen:
            if self.vectors_cache is not None and self.teacher is None:
                raise InputError("--vectors-cache: expected beside --frozen or --teacher.")
            return
        if self.pretrained is None or self.from_scratch:
            raise InputError("--frozen: expected beside --pretrained, without --from-scratch.")
        changed = {
            "--freeze-epochs": self.freeze_epochs != 0,
            "--layer-decay": self.layer_decay != 1,
            "--masked-lm": self.masked_lm != 0,
            "--window-pooling attention": self.window_pooling == "attention",
        }
        for flag, given in changed.items():
            if given:
                raise InputError(f"{flag}: not beside --frozen, where the encoder learns nothing.")

    def _check_lora(self) -> None:
        """Refuse adapters where there is nothing that they adapt.

        Raises:
            InputError: naming the flag.
        """
        if self.lora is None:
            return
        if self.pretrained is None or self.from_scratch:
            raise InputError("--lora: expected beside --pretrained, without --from-scratch.")
        if self.frozen:
            raise InputError("--lora: not beside --frozen, where the encoder learns nothing.")
        if self.masked_lm:
            raise InputError("--lora: not beside --masked-lm, which learns the embedding, too.")
