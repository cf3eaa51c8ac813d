"""The settings of how a fine-tuning learns, whatever it is for."""

from dataclasses import dataclass

from kerasbert.choices import BY_TOKEN, HeadName, LossName, PairMode, PoolingName
from kerasbert.errors import InputError
from kerasbert.settings.long_texts import LongTextSettings

LEAD = 16


@dataclass(frozen=True, kw_only=True)
class LearningSettings(LongTextSettings):
    """How a network learns, in fine-tuning and in every run of a comparison."""

    head: HeadName | None = None
    """What is learned: labels (classification), numbers (regression), spans of words (tagging) or
    answers to questions (answering); as the data look unless given."""
    loss: LossName | None = None
    """Of labels cross-entropy unless given; weighted, focal and asymmetric give rare ones more
    weight, focal suits every kind. Of numbers squared unless given; absolute and huber mind few
    far-off ones less."""
    pair: PairMode = "together"
    """apart: encode each text of a pair alone and compare the vectors, as sentence encoders do."""
    layer_decay: float = 1.0
    """Learning rate of each block of the encoder as a share of that of the block behind it."""
    freeze_epochs: float = 0.0
    """Leave embedding and encoder as they are for so many epochs."""
    average: float = 0.15
    """Evaluate and keep the average of the weights over this share of an epoch; 0 for none."""
    pooling: PoolingName | None = None
    """How states become one vector; mean-max for text-cnn, mean for transformer unless given."""
    masked_lm: float = 0.0
    """Learn to predict hidden words of the labelled texts as well, with this weight; 0 for not."""
    lead: int | None = None
    """Read the first N positions by themselves, too; 16 unless given, 0 for pairs and windows."""

    @property
    def _can_lead(self) -> bool:
        return self.long != "windows" and self.pooling != "cls"

    def leading_positions(self, pairs: bool) -> int:
        """What --lead says, or what is best where it says nothing."""
        if self.lead is None:
            return LEAD if self._can_lead and not pairs else 0
        return self.lead

    def check_learning(self) -> None:
        """Refuse flags that exclude each other."""
        self.check_long_texts()
        if self.masked_lm and self.long == "windows":
            raise InputError("--masked-lm: not beside --long windows.")
        if self.pair == "apart" and self.head in BY_TOKEN:
            raise InputError(f"--pair apart: not beside --head {self.head}, which reads tokens.")
        if self.pair == "apart" and (self.masked_lm or self.long == "windows"):
            raise InputError("--pair apart: not beside --masked-lm or --long windows.")
        if self.lead and not self._can_lead:
            raise InputError("--lead: not beside --long windows or --pooling cls.")
