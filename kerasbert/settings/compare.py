"""The settings of a comparison, and how it hands them on to the fine-tunings that it is made of."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kerasbert.choices import Thresholds
from kerasbert.errors import InputError
from kerasbert.ranges import SEEDS
from kerasbert.settings.answering import AnsweringSettings
from kerasbert.settings.classifier import ClassifierSettings
from kerasbert.settings.data import DataSettings
from kerasbert.settings.encoder import EncoderSettings
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.settings.heads import asked_head, settings_of_others
from kerasbert.settings.learning import LearningSettings
from kerasbert.settings.regression import RegressionSettings
from kerasbert.settings.tagging import TaggingSettings
from kerasbert.settings.teaching import TeachingSettings
from kerasbert.settings.tokenizer import TokenizerSettings
from kerasbert.settings.training import TrainingSettings

# Of a fine-tuning, what the comparison settles for each of its runs...
OF_EACH_RUN = {"out", "resume", "seed", "learning_rate", "from_scratch", "rival"}
# ... and what it has nothing of: architecture and tokenizer come with the pre-trained run, both
# sides have the same epochs, and their encoders learn, all of them.
NOT_ASKED = {"patience", "minutes", "frozen", "vectors_cache", "lora"} | {
    field.name
    for group in (EncoderSettings, TokenizerSettings, TeachingSettings)
    for field in fields(group)
}


@dataclass(frozen=True, kw_only=True)
class CompareSettings(
    DataSettings,
    TrainingSettings,
    LearningSettings,
    ClassifierSettings,
    RegressionSettings,
    TaggingSettings,
    AnsweringSettings,
):
    """A pre-trained run and labelled text in; a table, a report and compare.json out.

    Both sides have the same tokenizer, architecture, seeds, data and steps. On the first seed each
    tries all learning rates; that with the best figure on --valid at the end (F1, or of numbers
    --best) is taken for the others. Beside them stands what `finetune` ships at that rate, where
    that is more than the network: with linear SVMs beside it, and a threshold for each label.

    Example: kerasbert compare --pretrained runs/lm --train train.txt --valid valid.txt
    --test test.txt --out runs/compare --seeds 3
    """

    pretrained: str
    """The run, the folder of a public model or hf://owner/name[@revision], whose encoder is
    compared with an untrained one."""
    train: Path
    """Labelled text to learn from."""
    valid: Path | None = None
    """Labelled text for the figures after each epoch, for learning rates and thresholds; or
    --valid-share."""
    test: Path
    """Labelled text that nothing is chosen on."""
    out: Path
    """The folder for table, picture and runs."""
    epochs: int = 7
    """Passes over the training data."""
    seeds: int = 1
    """Runs of each side, with the seeds --seed, --seed + 1 and so on."""
    learning_rates: tuple[float, ...] = ()
    """What each side tries; half, once and twice the encoder's default unless given."""
    linear_svm: bool = False
    """Beside both sides, as in finetune; without them these say what the networks learned."""
    thresholds: Thresholds = "common"
    """Of both sides, as in finetune; TF-IDF + LinearSVC always has one for all labels."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_learning()
        self.check_classifier()
        asked_head(self)
        self.check_valid(self.valid)
        if self.seed + self.seeds > SEEDS:
            raise InputError(
                f"--seed {self.seed} and --seeds {self.seeds}: the last seed would be "
                f"{self.seed + self.seeds - 1}, expected at most {SEEDS - 1}."
            )
        if self.learning_rate is not None and self.learning_rates:
            raise InputError("expected one of --learning-rate and --learning-rates.")

    def fine_tuning(self, **of_this_run: Any) -> FineTuneSettings:
        """The settings of one of its fine-tunings: all of its own, and those of `OF_EACH_RUN`.

        Raises:
            AttributeError: a setting of fine-tuning that a comparison neither has nor names above.
        """
        handed_on = {
            field.name: getattr(self, field.name)
            for field in fields(FineTuneSettings)
            if field.name not in OF_EACH_RUN | NOT_ASKED
        }
        values = handed_on | of_this_run
        others = settings_of_others(values["head"])  # whose defaults need not be those of finetune
        return FineTuneSettings(**{k: value for k, value in values.items() if k not in others})
