"""A head of regression answers, and loses, as transformers' does with the same weights."""

import keras
import numpy as np
import pytest

from kerasbert import load_predictor
from kerasbert.checkpoints.convert import convert


def test_outputs_and_loss_are_those_of_bert_for_sequence_classification(public_models, tmp_path):
    convert(public_models / "bert-number", tmp_path / "run")
    theirs = dict(np.load(public_models / "bert-number.npz"))
    predictor = load_predictor(tmp_path / "run")  # their numbers are not standardized
    ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
    outputs = predictor.model.predict_on_batch({"token_ids": ids, "segment_ids": segments})
    np.testing.assert_allclose(outputs, theirs["logits"], atol=1e-5)
    gold = theirs["labels"][:, None].astype(np.float64)
    loss = predictor.head.loss(gold)(predictor.head.targets(gold), outputs)
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(float(theirs["loss"]), rel=1e-5)
