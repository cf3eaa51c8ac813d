"""Labels and masked LM at the same time: the batches, the model, and the command."""

import csv
import json
import re

import numpy as np
import pytest
from few_blocks import FEW_BLOCKS

import kerasbert
from kerasbert import MaskedLM, build_classifier, build_embedding, build_encoder, cli
from kerasbert.batches import JointBatches, LabeledBatches
from kerasbert.config import CONFIGS
from kerasbert.heads.classification.losses import build_loss
from kerasbert.models import build_joint_model, compile_classifier, compile_joint
from kerasbert.text import LabelSet, read_labeled
from kerasbert.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def labeled(files, store):
    documents = read_labeled(files / "train.txt")
    labels = LabelSet.from_documents(documents)
    tokenizer = Tokenizer.load(files / "store" / "tokenizer.json")
    return LabeledBatches(documents, tokenizer, labels, max_length=24, batch_size=8)


@pytest.fixture
def task(labeled):
    size = 2 + max(int(ids.max()) for ids, _ in labeled.texts._rows)
    return MaskedLM(size, shares=labeled.texts.token_shares(size))


def test_words_are_hidden_and_nothing_else_changes(labeled, task):
    joint = JointBatches(labeled, task, seed=5)
    for step in (0, 7, 40):
        inputs, targets, weights = joint.batch(step)
        whole, gold = labeled.batch(step)
        np.testing.assert_array_equal(targets["labels"], gold)
        np.testing.assert_array_equal(weights["labels"], np.ones(8))
        used = weights["masked_lm"] > 0
        assert used.any(axis=1).all()
        rows = np.nonzero(used)[0]
        shown = inputs["token_ids"].copy()
        shown[rows, inputs["masked_positions"][used]] = targets["masked_lm"][used]
        np.testing.assert_array_equal(shown, whole["token_ids"])
        again = JointBatches(labeled, task, seed=5).batch(step)
        np.testing.assert_array_equal(again[0]["token_ids"], inputs["token_ids"])
        other = JointBatches(labeled, task, seed=6).batch(step)
        assert (other[0]["token_ids"] != inputs["token_ids"]).any()


def test_the_shares_are_those_of_the_texts(labeled):
    shares = labeled.texts.token_shares(1000)
    assert shares.sum() == pytest.approx(1) and shares.min() > 0
    counts = np.zeros(1000)
    for index in range(len(labeled.texts)):
        for token in labeled.texts.rows(np.array([index]), int(labeled.texts.lengths[index]))[
            "token_ids"
        ][0]:
            counts[token] += 1
    np.testing.assert_allclose(shares, (counts + 1) / (counts + 1).sum())


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_loss_is_that_of_the_labels_and_a_share_of_masked_lm(name, labeled, task):
    few = {"d_model": 16, "dropout": 0.0} | FEW_BLOCKS[name]
    config = CONFIGS[name](vocabulary_size=task.vocabulary_size, **few)
    classifier = build_classifier(
        build_embedding(config), build_encoder(config), labels=2, dropout=0.0
    )
    joint = build_joint_model(classifier, task)
    inputs, targets, weights = JointBatches(labeled, task).batch(0)
    features = {key: inputs[key] for key in ("token_ids", "segment_ids")}
    answers = {key: np.asarray(value) for key, value in joint.predict_on_batch(inputs).items()}
    np.testing.assert_allclose(answers["labels"], classifier.predict_on_batch(features), atol=1e-5)
    assert answers["masked_lm"].shape == (*weights["masked_lm"].shape, task.vocabulary_size)

    compile_classifier(classifier, "multi-label", "sgd")
    of_labels = float(classifier.test_on_batch(features, targets["labels"]))
    of_words = float(task.loss()(targets["masked_lm"], answers["masked_lm"], weights["masked_lm"]))
    for weight in (0.0, 0.25):
        compile_joint(joint, task, weight, build_loss("cross-entropy", "multi-label"), "sgd")
        total = joint.test_on_batch(inputs, targets, weights, return_dict=True)["loss"]
        assert float(total) == pytest.approx(of_labels + weight * of_words, rel=1e-4)


@pytest.fixture(scope="module")
def runs(files, store, tmp_path_factory):
    """A run of masked LM, and a classifier that went on with it."""
    out = tmp_path_factory.mktemp("joint")
    pretrain = ["pretrain", "--store", f"{files}/store", "--out", f"{out}/lm", "--d-model", "16"]
    pretrain += ["--tasks", "masked-lm", "--steps", "4", "--batch-size", "16", "--max-length", "16"]
    assert cli.main(pretrain) == 0
    assert cli.main([*finetune(files, out / "lm"), "--out", f"{out}/tags"]) == 0
    return out


def finetune(files, pretrained):
    flags = ["finetune", "--pretrained", str(pretrained), "--masked-lm", "0.1", "--epochs", "2"]
    flags += ["--batch-size", "16", "--max-length", "16", "--learning-rate", "0.01"]
    return flags + [f"--{part}={files}/{part}.txt" for part in ("train", "valid", "test")]


def test_what_is_left_is_a_classifier_that_took_over_the_head(runs):
    transfer = json.loads((runs / "tags" / "config.json").read_text())["transfer"]
    assert "masked_lm/bias" in transfer["loaded"] and not transfer["unused"]
    assert [path for path in transfer["new"] if not re.match("logits|pooling", path)] == []
    model = kerasbert.load_model(runs / "tags")
    assert {layer.name for layer in model.layers}.isdisjoint({"masked_lm", "masked_lm_transform"})
    with (runs / "tags" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The training loss has the words in it, the validation loss is of labels alone.
    assert float(rows[0]["loss"]) > 0.3 and float(rows[1]["loss"]) < float(rows[0]["loss"])
    assert float(rows[1]["val_loss"]) < 0.7
    answers = kerasbert.load(runs / "tags")(["the old cat saw a dog.", "moss under the oak."])
    assert [len(answer["scores"]) for answer in answers] == [2, 2]


@pytest.mark.in_turn
def test_patience_ends_it(files, runs, tmp_path):
    flags = [*finetune(files, runs / "lm"), "--patience", "1", "--learning-rate", "1e-12"]
    assert cli.main([*flags, "--epochs", "6", "--out", f"{tmp_path}/run"]) == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["epochs"] < 6


@pytest.mark.parametrize(
    "flags, why", [(["-0.1"], "expected 0 or more"), (["0.1", "--long", "windows"], "not beside")]
)
def test_what_is_refused(flags, why, files, tmp_path, capsys):
    parts = [f"--{part}={files}/{part}.txt" for part in ("train", "valid")]
    assert cli.main(["finetune", *parts, "--out", f"{tmp_path}/run", "--masked-lm", *flags]) == 2
    assert f"--masked-lm: {why}" in capsys.readouterr().err
