"""A head of regression answers, and loses, as transformers' does with the same weights."""

import keras
import numpy as np
import pytest

from kerasbert import load_model
from kerasbert.checkpoints.convert import convert
from kerasbert.heads.regression.head import Regression
from kerasbert.heads.regression.scale import Scale
from kerasbert.models.fine_tuning import build_fine_tuning_model


def test_outputs_and_loss_are_those_of_bert_for_sequence_classification(public_models, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    convert(public_models / "bert-number", tmp_path / "run")
    theirs = dict(np.load(public_models / "bert-number.npz"))
    weights = safetensors.load_file(public_models / "bert-number" / "model.safetensors")
    embedding, encoder, pooling = map(
        load_model(tmp_path / "run").get_layer, ("embedding", "encoder", "pooling")
    )
    head = Regression(Scale((0.0,), (1.0,)))  # their numbers are not standardized
    model = build_fine_tuning_model(embedding, encoder, head.output, pooling)
    numbers = [weights["classifier.weight"].T, weights["classifier.bias"]]
    model.get_layer("numbers").set_weights(numbers)
    ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
    outputs = model.predict_on_batch({"token_ids": ids, "segment_ids": segments})
    np.testing.assert_allclose(outputs, theirs["logits"], atol=1e-5)
    gold = theirs["labels"][:, None].astype(np.float64)
    loss = head.loss(gold)(head.targets(gold), outputs)
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(float(theirs["loss"]), rel=1e-5)
