"""What fine-tuning says of memory and disk, counted by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from kerasbert import TextCNNConfig, build_classifier, build_embedding, build_encoder
from kerasbert.heads.classification import linear_svm
from kerasbert.training.footprint import footprint, size


def test_weights_targets_and_svms_are_counted(monkeypatch):
    config = TextCNNConfig(vocabulary_size=1000, d_model=8)
    parts = [SimpleNamespace(gold=np.zeros((50_000, 40), np.float32))]  # 8 MB
    model = build_classifier(
        build_embedding(config), build_encoder(config), 40, token_scores=1000, seed=0
    )
    learned = sum(4 * int(np.prod(w.shape)) for w in model.trainable_weights)
    fixed = 4 * (1000 * 40 + 1000 + 40)
    fitted = 4 * (1000 + 2 * 50_000) * 40
    assert footprint(model, parts, texts=50_000, slots=4) is None  # 35 MB are no news
    monkeypatch.setattr("kerasbert.training.footprint.MUCH", 30_000_000)
    line = footprint(model, parts, texts=50_000, slots=4)
    total = learned * 5 + fixed + 2 * 8_000_000 + fitted
    assert line.startswith(f"memory: up to {size(total)} (")
    assert "16 MB for targets and answers, 16 MB for fitting the linear SVMs)" in line
    disk = 2 * (learned + fixed) + 3 * (learned * 4 + fixed)
    assert f"disk: up to {size(disk)} ({size(learned + fixed)} for model.keras" in line


def test_the_svms_of_many_labels_take_no_more_memory(monkeypatch):
    monkeypatch.setattr(linear_svm, "PIECE", 10_000_000)
    few, many = (linear_svm.fitting_numbers(40_000, 20_000, k) for k in (1_000, 14_000))
    assert few == many == 10_000_000 + 2 * 64 * 40_000
    assert linear_svm.fitting_numbers(40_000, 20_000, 224) == 224 * 80_000


@pytest.mark.parametrize(
    "number, text", [(0, "1 MB"), (8_400_000, "8 MB"), (2_240_000_000, "2.2 GB")]
)
def test_bytes_for_people(number, text):
    assert size(number) == text
