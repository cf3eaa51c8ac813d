"""What a comparison calls the figures of the best epoch."""

import pytest

from kerasbert.heads.classification.head import Classification
from kerasbert.text.labels import LabelSet


@pytest.mark.parametrize(
    ("kind", "thresholds", "said"),
    [
        ("multi-label", "label", "fitted thresholds"),
        ("multi-label", "common", "fitted threshold"),
        ("multi-label", "half", ""),
        ("multi-class", "label", ""),
        ("binary", "common", ""),
    ],
)
def test_thresholds_are_named_only_where_there_are_any(kind, thresholds, said):
    head = Classification(LabelSet(("above", "below")), kind, thresholds=thresholds)
    assert head.judged().fitted == said
    assert head.judged().name == "F1"
