"""The settings of a pre-training."""

from dataclasses import dataclass
from pathlib import Path

from kerasbert.choices import CorpusFormat, MaskingUnit, PoolingName, TaskName, VectorsFit
from kerasbert.errors import InputError
from kerasbert.settings.encoder import EncoderSettings, check_length
from kerasbert.settings.given import refuse_beside_pretrained
from kerasbert.settings.tokenizer import TokenizerSettings, VocabularySettings
from kerasbert.settings.training import TrainingSettings


@dataclass(frozen=True, kw_only=True)
class PretrainSettings(EncoderSettings, VocabularySettings, TrainingSettings):
    """A token store or raw text in, a run folder with a pre-trained encoder out.

    Example: kerasbert pretrain --corpus raw.txt --out runs/lm --encoder text-cnn --minutes 10
    """

    out: Path
    """The folder of the run."""
    store: Path | None = None
    """A token store that `kerasbert prepare` made."""
    corpus: tuple[str, ...] = ()
    """Or raw text, prepared on the way into the run's folder."""
    corpus_format: CorpusFormat = "lines"
    """lines: one document a line. sentences: one sentence a line, an empty line ends a document."""
    pretrained: str | None = None
    """Go on from this run, or a public model (a folder, or hf://owner/name[@revision]): tokenizer,
    architecture, weights, heads included."""
    teacher: str | None = None
    """Learn the vectors of this encoder, too: a run, or a public model (a folder, or
    hf://owner/name[@revision]). It reads every row once, before the training."""
    teacher_weight: float = 5.0
    """How much the distance from the teacher counts beside the losses of the objectives."""
    vectors: Path | None = None
    """Begin with these word vectors: word2vec's text or .bin, fastText's .vec, GloVe's text."""
    fit_vectors: VectorsFit = "refuse"
    """What to do where their dimension is not d_model."""
    tasks: tuple[TaskName, ...] = ("document-words",)
    """The objectives; several are trained jointly."""
    masking: MaskingUnit = "token"
    """What masked-lm hides together: tokens, all pieces of a word, or words in a row."""
    masking_rate: float = 0.15
    """Share of a row's tokens that masked-lm hides."""
    max_predictions: int | None = None
    """The most tokens that masked-lm hides in a row."""
    pack: bool = False
    """Fill rows with several short documents, kept apart; for masked-lm alone."""
    pooling: PoolingName | None = None
    """What objectives over a whole text see; mean-max for text-cnn, mean for transformer."""
    max_length: int = 128
    """Positions of a row; documents are cut into rows by whole sentences."""
    epochs: int | None = None
    """Passes over the corpus; 3 unless --steps or --minutes is given."""
    steps: int | None = None
    """Or training steps."""
    minutes: float | None = None
    """Or minutes of training: as many steps as fit. Without --size, one that suits is chosen."""
    tensorboard: bool = False
    """The same as --log tensorboard."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.tensorboard:
            if self.log not in (None, "tensorboard"):
                raise InputError(f"expected one of --tensorboard and --log {self.log}.")
            object.__setattr__(self, "log", "tensorboard")
        if (self.store is None) == (not self.corpus):
            raise InputError("expected one of --store STORE and --corpus FILE...")
        if sum(value is not None for value in (self.epochs, self.steps, self.minutes)) > 1:
            raise InputError("expected at most one of --epochs, --steps and --minutes.")
        if self.store is not None:
            brought = ("tokenizer", "tokenizer_file", "extend_vocabulary", "vocabulary_from")
            for name in (*brought, "vocab_size"):
                if getattr(self, name):
                    flag = name.replace("_", "-")
                    raise InputError(f"--{flag}: a store brings its tokenizer; leave it out.")
        self.check_vocabulary(self.pretrained is not None, "--pretrained")
        if self.teacher is not None:
            self._check_teacher()
        if self.pretrained is not None:
            sized = ("vocab_size",) if self.vocabulary_from else ()
            refuse_beside_pretrained(self, EncoderSettings, TokenizerSettings, but=sized)
            if self.vectors is not None:
                raise InputError("--vectors: not beside --pretrained, which brings its own.")
        else:
            check_length(self.architecture(vocabulary_size=1), self.max_length)

    def _check_teacher(self) -> None:
        """Refuse what has no rows that a teacher could read."""
        if self.pack:
            raise InputError("--teacher: it reads a row as one text, and packed rows hold several.")
        if pairs := [task for task in self.tasks if task in ("next-sentence", "sentence-order")]:
            raise InputError(
                f"--teacher: not beside --tasks {pairs[0]}, whose rows are made anew each time."
            )
