"""The settings of classification."""

from dataclasses import dataclass

from kerasbert.choices import KindName, RuleName, Thresholds
from kerasbert.errors import InputError
from kerasbert.settings.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ClassifierSettings(Settings):
    """How labels are learned and chosen, in fine-tuning and in every run of a comparison."""

    kind: KindName | None = None
    """What is to be predicted; recognised from the labels unless given."""
    label_smoothing: float = 0.0
    """Share of the target that cross-entropy spreads over all answers."""
    linear_svm: bool | None = None
    """Answer with a mean of the network and of linear SVMs on a single text's tokens and pairs of
    neighbours (TF-IDF), as --valid prefers.
    Unless given: yes, up to 100 million weights (features x labels)."""
    thresholds: Thresholds = "label"
    """What multi-label probabilities must reach: a threshold for each label or one for all, both
    fitted on --valid; or one half."""
    rule: RuleName | None = None
    """What a document gets that no label reaches: the most probable one (at-least-one) or none
    (threshold), as --valid prefers unless given. top-k: always the --top-k most probable."""
    top_k: int | None = None
    """Labels a document, for --rule top-k."""

    def check_classifier(self) -> None:
        """Refuse flags that exclude each other."""
        if (self.rule == "top-k") != (self.top_k is not None):
            raise InputError("--rule top-k and --top-k N: expected both or neither.")
