"""Options of pre-training and fine-tuning, each in a small run of the commands."""

import json

import numpy as np
import pytest
from walking import SMALL, history

from kerasbert import cli, load_model

# What each option computes is tested in its own room; here, that the commands pass it on.
pytestmark = pytest.mark.in_turn


def test_joint_objectives_minutes_and_limit(files, tmp_path):
    command = ["pretrain", "--corpus", f"{files}/raw.txt", "--tokenizer", "word", *SMALL]
    command += ["--tasks", "masked-lm", "next-sentence", "--encoder", "transformer"]
    command += ["--d-model", "16", "--layers", "1", "--limit", "100"]
    command += ["--minutes", "0.02", "--tensorboard"]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["documents"] == 100
    assert set(metrics["learned"]) == {"masked_lm", "next_sentence"}
    assert float(history(tmp_path / "run")[-1]["val_loss_next_sentence"]) > 0
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))


def test_a_figure_that_is_no_number_is_null_with_its_reason(tmp_path):
    """No document has two sentences: no held-out row is a pair."""
    lines = [f"the word{n % 7} sees word{n * 3 % 11} near word{n * 5 % 13}." for n in range(300)]
    (tmp_path / "raw.txt").write_text("\n".join(lines) + "\n")
    command = ["pretrain", "--corpus", f"{tmp_path}/raw.txt", "--out", f"{tmp_path}/run", *SMALL]
    command += ["--tasks", "document-words", "sentence-order", "--d-model", "16", "--steps", "2"]
    assert cli.main(command) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["val_loss_sentence_order"] is None
    assert metrics["val_loss_sentence_order_reason"] == "not a number (NaN)"
    assert metrics["val_loss"] == metrics["val_loss_document_words"]  # the sum of what there is
    assert history(tmp_path / "run")[-1]["val_loss_sentence_order"] == ""


def test_options_for_few_labels_learn(runs, files, tmp_path):
    command = ["finetune", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/run", *SMALL]
    command += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt", "--epochs", "3"]
    command += ["--layer-decay", "0.5", "--freeze-epochs", "1", "--label-smoothing", "0.1"]
    assert cli.main([*command, "--learning-rate", "0.01"]) == 0
    rows = history(tmp_path / "run")
    assert float(rows[-1]["val_loss"]) < float(rows[0]["val_loss"])


@pytest.mark.parametrize("encoder", ["text-cnn", "transformer"])
def test_packed_rows_train_what_plain_rows_validate(encoder, files, runs, tmp_path):
    command = ["pretrain", "--store", f"{files}/store", "--out", f"{tmp_path}/lm", "--pack"]
    command += ["--batch-size", "8", "--max-length", "64", "--learning-rate", "0.01"]
    command += ["--encoder", encoder, "--d-model", "16", "--tasks", "masked-lm", "--epochs", "8"]
    command += ["--layers", "1"] if encoder == "transformer" else []
    assert cli.main(command) == 0
    rows = history(tmp_path / "lm")
    assert float(rows[-1]["val_loss"]) < float(rows[0]["val_loss"]) - 0.02
    finetune = ["finetune", "--pretrained", f"{tmp_path}/lm", "--out", f"{tmp_path}/tags", *SMALL]
    finetune += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt", "--epochs", "1"]
    assert cli.main(finetune) == 0


@pytest.mark.parametrize("loss", ["weighted", "asymmetric"])
def test_losses_for_rare_labels_learn(loss, files, tmp_path):
    command = ["finetune", "--out", f"{tmp_path}/run", *SMALL, "--d-model", "16", "--loss", loss]
    command += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt", "--epochs", "8"]
    assert cli.main([*command, "--learning-rate", "0.01"]) == 0
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["valid"]["f1"] > 0.8


def test_pairs_and_classes(files, tmp_path):
    """A pair of texts, one class each: recognised from the data, and learned."""
    lines = []
    for number, line in enumerate((files / "train.txt").read_text().splitlines()):
        text = line.split(" __label__")[0]
        other = "the fern" if number % 2 else "a dog saw it"
        lines.append(f"{text}\t{other} __label__{'plant' if number % 2 else 'animal'}")
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    command = ["finetune", "--out", f"{tmp_path}/run", "--epochs", "6", "--tokenizer", "word"]
    command += ["--train", f"{tmp_path}/pairs.txt", "--valid", f"{tmp_path}/pairs.txt", *SMALL]
    assert cli.main([*command, "--d-model", "16", "--learning-rate", "0.01"]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["kind"] == "binary" and metrics["valid"]["f1"] > 0.95
    assert metrics["threshold"] == 0.5


def test_toy(tmp_path):
    """Only that it runs: that it converges is measured at full length (benchmarks/)."""
    out = tmp_path / "toy.json"
    command = ["toy", "--steps", "10", "--batch-size", "8", "--test-documents", "200"]
    assert cli.main([*command, "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert 0.5 <= found["majority_share"] < 0.7 and found["unseen_loss"] > 0


def test_word_vectors_are_what_training_begins_with(files, store, tmp_path, capsys):
    (tmp_path / "v.vec").write_text("cat 1 2 3 4\nDog 4 3 2 1\nzebra 1 1 1 1\n")
    command = ["pretrain", "--store", f"{files}/store", "--vectors", f"{tmp_path}/v.vec", *SMALL]
    command += ["--d-model", "4", "--steps", "1", "--learning-rate", "1e-9"]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 0
    assert "v.vec: 2 of the vocabulary's" in capsys.readouterr().err
    table = np.asarray(load_model(tmp_path / "run").get_layer("embedding").get_weights()[0])
    cat, dog = table[store.tokenizer.encode(["cat dog"])[0]]
    np.testing.assert_allclose(cat / cat[0], [1, 2, 3, 4], rtol=1e-3)
    np.testing.assert_allclose(dog, cat[::-1], rtol=1e-3)
    assert 0.005 < cat.std() < 0.05  # at the scale of the other rows
    assert cli.main([*command, "--d-model", "8", "--out", f"{tmp_path}/other"]) == 2
    assert "have 4 numbers, the model d_model 8" in capsys.readouterr().err


def test_fine_tuning_by_the_clock_beside_no_rival(files, tmp_path, capsys):
    command = ["finetune", "--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt"]
    command += ["--out", f"{tmp_path}/run", "--d-model", "8", *SMALL, "--limit", "48"]
    command += ["--no-linear-svm", "--no-rival", "--log", "tensorboard", "--minutes", "0.02"]
    assert cli.main([*command, "--epochs", "3"]) == 2
    assert "at most one of --epochs and --minutes" in capsys.readouterr().err
    assert cli.main(command) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["rival"] is None and metrics["rival_reason"] == "--no-rival"
    assert metrics["epochs"] == len(history(tmp_path / "run")) >= 1
    assert metrics["seconds"] < 60
    shown = capsys.readouterr().out
    assert metrics["verdict"] in shown and "kerasbert predict --model" in shown
    assert list((tmp_path / "run" / "tensorboard").glob("events*"))


def test_the_rival_changes_nothing_of_the_network(files, tmp_path):
    command = ["finetune", "--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt"]
    command += ["--d-model", "8", *SMALL, "--limit", "48", "--epochs", "2"]
    for name in ("rival", "no-rival"):
        assert cli.main([*command, "--out", f"{tmp_path}/{name}", f"--{name}"]) == 0
    rows = [history(tmp_path / name) for name in ("rival", "no-rival")]
    for row in [*rows[0], *rows[1]]:
        row.pop("seconds")
    assert rows[0] == rows[1]
    metrics = json.loads((tmp_path / "rival" / "metrics.json").read_text())
    assert metrics["rival"]["name"] == "TF-IDF + LinearSVC" and metrics["rival"]["seconds"] < 60
    assert {"f1", "micro_f1", "macro_f1"} <= set(metrics["rival"]["valid"])
    assert "LinearSVC" in metrics["verdict"]
