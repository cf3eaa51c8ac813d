"""A head of question answering answers, and loses, as transformers' does with the same weights."""

import keras
import numpy as np
import pytest

from kerasbert import load_model
from kerasbert.checkpoints.convert import convert
from kerasbert.heads.answering.head import Answering
from kerasbert.heads.answering.scores import mean_span_loss
from kerasbert.heads.answering.targets import RowTarget
from kerasbert.models.fine_tuning import build_fine_tuning_model


def test_outputs_and_loss_are_those_of_bert_for_question_answering(public_models, tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    convert(public_models / "bert-answering", tmp_path / "run")
    theirs = dict(np.load(public_models / "bert-answering.npz"))
    weights = safetensors.load_file(public_models / "bert-answering" / "model.safetensors")
    layers = ("embedding", "encoder", "pooling")
    embedding, encoder, pooling = map(load_model(tmp_path / "run").get_layer, layers)
    head = Answering(answer_length=5)
    model = build_fine_tuning_model(embedding, encoder, head.output, pooling)
    ends = [weights["qa_outputs.weight"].T, weights["qa_outputs.bias"]]
    model.get_layer("answer_ends").set_weights(ends)
    ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
    outputs = model.predict_on_batch({"token_ids": ids, "segment_ids": segments})
    said = np.stack([theirs["start_logits"], theirs["end_logits"]], axis=-1)
    real = theirs["mask"].astype(bool)
    np.testing.assert_allclose(outputs[real], said[real], atol=1e-5)
    # Theirs counts padding as positions: the same loss where no row has any...
    spans = list(zip(theirs["first"].tolist(), theirs["last"].tolist(), strict=True))
    whole = [RowTarget(first, last, ids.shape[1]) for first, last in spans]
    loss = head.loss(None)(head.token_targets(whole, ids.shape[1]), said)
    assert float(keras.ops.convert_to_numpy(loss)) == pytest.approx(float(theirs["loss"]), rel=1e-5)
    # ... and ours is that of rows without it.
    lengths = real.sum(axis=1).tolist()
    cut = [RowTarget(*span, length) for span, length in zip(spans, lengths, strict=True)]
    ours = float(keras.ops.convert_to_numpy(
        head.loss(None)(head.token_targets(cut, ids.shape[1]), outputs)
    ))  # fmt: skip
    rows = [row[:length] for row, length in zip(outputs, lengths, strict=True)]
    assert ours == pytest.approx(mean_span_loss(rows, cut), rel=1e-5)
