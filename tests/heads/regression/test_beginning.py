"""Pairs that are encoded apart: where a pre-trained encoder begins."""

import keras
import numpy as np
import pytest

import kerasbert as kb
from kerasbert.batches.labeled import predict_outputs
from kerasbert.heads.regression.beginning import begin_at_cosine
from kerasbert.heads.regression.head import Regression
from kerasbert.models.fine_tuning import build_fine_tuning_model
from kerasbert.recipes import finetune


@pytest.fixture(scope="module")
def pairs():
    """As alike as they have words in common."""
    rng, words = np.random.default_rng(0), np.array(list("abcdefgh"))
    both = [tuple(" ".join(rng.choice(words, 3)) for _ in range(2)) for _ in range(64)]
    shared = [float(len(set(one.split()) & set(other.split()))) for one, other in both]
    return both, shared


@pytest.fixture(scope="module")
def batches(pairs):
    both, shared = pairs
    documents = kb.as_documents((both, shared), numbers=True)
    tokenizer = kb.train_tokenizer([text for pair in both for text in pair], "word", 50)
    head = Regression.from_documents(documents)
    return kb.LabeledBatches(documents, tokenizer, head, max_length=8, batch_size=16, apart=True)


def model_of(batches, apart, dropout=0.5):
    config = kb.TextCNNConfig(vocabulary_size=batches.texts.tokenizer.vocabulary_size, d_model=16)
    return build_fine_tuning_model(
        kb.build_embedding(config, 0), kb.build_encoder(config, 0), batches.head.output,
        dropout=dropout, apart=apart,
    )  # fmt: skip


def test_it_begins_with_the_line_through_the_cosine(batches):
    model = model_of(batches, apart=True)
    reader = keras.Model(model.inputs, model.get_layer("compare_pairs").output)
    cosine = predict_outputs(reader, batches.texts)[:, -1].astype(float)
    target = batches.head.targets(batches.gold)[:, 0].astype(float)
    slope, height = np.polyfit(cosine, target, 1)
    (note,) = begin_at_cosine(model, batches)
    assert f"Pearson {np.corrcoef(cosine, target)[0, 1]:.3f} on 64 documents" in note
    found = predict_outputs(model, batches.texts)[:, 0]
    np.testing.assert_allclose(found, slope * cosine + height, atol=1e-3)


def test_nothing_is_dropped_from_what_is_compared(batches):
    """Without the cosine the answer would be that to two texts that have nothing in common."""
    model = model_of(batches, apart=True)
    begin_at_cosine(model, batches)
    compared = predict_outputs(
        keras.Model(model.inputs, model.get_layer("compare_pairs").output), batches.texts
    )
    head = keras.Model(model.get_layer("compare_pairs").output, model.output)
    same = [keras.ops.convert_to_numpy(head(compared, training=how)) for how in (True, False)]
    np.testing.assert_array_equal(*same)
    assert model_of(batches, apart=False).get_layer("number_dropout").rate == 0.5


def test_without_a_cosine_nothing_changes(batches):
    model = model_of(batches, apart=False)
    before = model.get_weights()
    assert begin_at_cosine(model, batches) == []
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.in_turn
def test_a_run_says_with_what_it_begins(pairs, tmp_path, capsys):
    lines = [f"{one}\t{other} __label__{n}.5"
             for (one, other), n in zip(*pairs, strict=True)]  # fmt: skip
    for name in ("train", "valid"):
        (tmp_path / f"{name}.txt").write_text("\n".join(lines).replace(".0.5", ".5") + "\n")
    tiny = {"max_length": 8, "batch_size": 16, "epochs": 1, "head": "regression", "pair": "apart"}
    files = {name: tmp_path / f"{name}.txt" for name in ("train", "valid")}
    first = finetune.Config(**files, **tiny, d_model=8, tokenizer="word", out=tmp_path / "one")
    finetune.run(first)
    assert "training begins with the cosine" not in capsys.readouterr().err
    for how in ({}, {"frozen": True}, {"lora": 2}):
        tiny |= {"pretrained": str(tmp_path / "one"), "out": tmp_path / "-".join(["two", *how])}
        finetune.run(finetune.Config(**files, **tiny, **how))
        assert "pairs apart: training begins with the cosine" in capsys.readouterr().err
