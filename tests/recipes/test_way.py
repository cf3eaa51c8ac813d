"""The whole way through the commands, on small files, as a user would walk it."""

import csv
import html
import io
import itertools
import json
import sys

import keras
import numpy as np
import pytest

from kerasbert import cli, load_model

BOTH = ["--tasks", "masked-lm", "document-words"]
# Each length that comes is a shape to compile: few, where the text does not matter.
SMALL = ["--batch-size", "16", "--max-length", "16"]


@pytest.fixture(scope="module")
def runs(files, store, tmp_path_factory):
    """A pre-trained run, and one fine-tuned from it."""
    out = tmp_path_factory.mktemp("runs")
    pretrain = ["pretrain", "--store", f"{files}/store", "--out", f"{out}/lm", *SMALL]
    pretrain += ["--d-model", "16", "--epochs", "8", "--learning-rate", "0.01", *BOTH]
    assert cli.main(pretrain) == 0
    finetune = ["finetune", "--pretrained", f"{out}/lm", "--out", f"{out}/tags"]
    finetune += ["--batch-size", "16", "--max-length", "40"]
    finetune += ["--epochs", "4", "--learning-rate", "0.01"]
    for part in ("train", "valid", "test"):
        finetune += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(finetune) == 0
    return out


def history(run):
    with (run / "history.csv").open() as file:
        return list(csv.DictReader(file))


def test_pretraining_learns_to_use_context(runs):
    metrics = json.loads((runs / "lm" / "metrics.json").read_text())
    assert metrics["val_loss_masked_lm_mask"] < metrics["unigram_loss_masked_lm_mask"] - 0.1
    assert metrics["val_loss_document_words"] < metrics["unigram_loss_document_words"] - 0.05
    rows = history(runs / "lm")
    columns = "step epoch loss val_loss val_loss_document_words unigram_loss_document_words"
    assert list(rows[0])[:6] == columns.split() and list(rows[0])[-1] == "seconds"
    for row in rows:  # the sum over what is trained, and never empty
        parts = float(row["val_loss_document_words"]) + float(row["val_loss_masked_lm"])
        assert float(row["val_loss"]) == pytest.approx(parts, abs=2e-6)
    assert len(rows) >= 8 and float(rows[-1]["epoch"]) == 8


@pytest.mark.parametrize("rate, learned", [("1e-9", False), ("0.01", True)])
def test_pretraining_ends_with_what_was_learned(rate, learned, files, store, tmp_path, capsys):
    """A rate so small that nothing moves: every objective is where it began, at knowing nothing."""
    command = ["pretrain", "--store", f"{files}/store", "--out", f"{tmp_path}/run", *SMALL]
    command += ["--d-model", "16", "--learning-rate", rate, "--epochs", "8" if learned else "1"]
    command += ["--tasks", "document-words", *([] if learned else ["sentence-order"])]
    assert cli.main(command) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    objectives = {"document_words"} if learned else {"document_words", "sentence_order"}
    said = " ".join(capsys.readouterr().out.split())
    assert " ".join(metrics["verdict"].split()) in said
    if "next to nothing was learned" in said and not learned:  # by a hair, as the weights began
        objectives.remove("document_words")
        assert metrics["learned"].pop("document_words")
    else:
        assert ("is not below their unigram loss" in said) is not learned
    assert metrics["learned"] == dict.fromkeys(objectives, learned)
    assert ("Train longer (--steps, --minutes)" in said) is not learned
    page = (tmp_path / "run" / "report.html").read_text()
    assert html.escape(metrics["verdict"]) in page


def test_a_pretrained_run_is_complete(runs):
    names = {"config.json", "tokenizer.json", "model.keras", "history.csv", "metrics.json"}
    assert names | {"report.html", "state"} <= {path.name for path in (runs / "lm").iterdir()}
    config = json.loads((runs / "lm" / "config.json").read_text())
    assert config["architecture"]["encoder"] == "text-cnn" and config["seed"] == 0
    assert {"keras", "numpy", "kerasbert"} <= set(config["versions"])


def test_fine_tuning_learns_and_leaves_a_complete_run(runs):
    tags = runs / "tags"
    names = {"config.json", "tokenizer.json", "labels.txt", "model.keras", "history.csv"}
    assert names | {"metrics.json", "report.html"} <= {path.name for path in tags.iterdir()}
    metrics = json.loads((tags / "metrics.json").read_text())
    for part, count in (("valid", 40), ("test", 30)):
        for view in (metrics, metrics["at_half"]):
            figures = view[part]
            assert {"loss", "micro_f1", "macro_f1", "f1", "documents"} <= set(figures)
            assert figures["documents"] == count
            assert figures["f1"] == pytest.approx((figures["micro_f1"] + figures["macro_f1"]) / 2)
    assert metrics["test"]["f1"] > 0.9  # two topics of six words each
    columns = "epoch loss val_loss val_micro_f1 val_macro_f1 val_f1 seconds"
    assert list(history(tags)[0]) == columns.split() and len(history(tags)) == 4
    assert (tags / "labels.txt").read_text().split() == ["animal", "plant"]
    transfer = json.loads((tags / "config.json").read_text())["transfer"]
    assert transfer["new"] == ["logits/kernel", "logits/bias"]
    weights = load_model(tags).trainable_weights
    assert len(transfer["loaded"]) + len(transfer["new"]) == len(weights)


def test_fine_tuning_judges_every_label_and_says_where_it_goes_wrong(runs):
    metrics = json.loads((runs / "tags" / "metrics.json").read_text())
    with (runs / "tags" / "labels.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["label"] for row in rows] == ["animal", "plant"]
    limits = [float(row["threshold"]) for row in rows]
    assert limits == pytest.approx(metrics["decision"]["threshold"], abs=1e-4)
    assert metrics["threshold"] == pytest.approx(np.mean(limits), abs=1e-4)
    for split, count in (("valid", 40), ("test", 30)):
        macro = np.mean([float(row[f"{split}_f1"]) for row in rows])
        assert macro == pytest.approx(metrics[split]["macro_f1"], abs=1e-5)
        calibration = metrics["calibration"][split]
        assert sum(one["count"] for one in calibration["after"]["bins"]) == 2 * count
        assert 0 <= calibration["after"]["ece"] <= 1
    losses = [document["loss"] for document in metrics["hardest"]]
    assert len(losses) == 20 and losses == sorted(losses, reverse=True)
    page = (runs / "tags" / "report.html").read_text()
    assert page.count("<svg") == 4 and "weights loaded" in page
    assert (runs / "lm" / "report.html").read_text().count("<svg") == 5


@pytest.mark.parametrize(
    "flags, decision",
    [
        (["--thresholds", "common"], {"rule": "at-least-one", "top_k": None}),
        (["--thresholds", "half"], {"threshold": 0.5}),
        (["--rule", "threshold"], {"rule": "threshold"}),
        (["--rule", "top-k", "--top-k", "2"], {"rule": "top-k", "top_k": 2}),
    ],
)
def test_the_rule_is_saved_and_honoured(flags, decision, files, tmp_path, capsys, monkeypatch):
    run = f"{tmp_path}/run"
    command = ["finetune", "--out", run, *SMALL, "--d-model", "8", "--epochs", "1", *flags]
    command += ["--limit", "60", "--valid", f"{files}/valid.txt", "--train", f"{files}/train.txt"]
    assert cli.main(command) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["decision"] | decision == metrics["decision"]
    out = tmp_path / "valid.json"
    evaluate = ["evaluate", "--model", run, "--data", f"{files}/valid.txt", "--out", str(out)]
    assert cli.main(evaluate) == 0
    assert json.loads(out.read_text())["data"] == pytest.approx(metrics["valid"])
    capsys.readouterr()
    status, answers, _ = predict(capsys, monkeypatch, "--model", run, f"{files}/valid.txt")
    assert status == 0
    limits = np.broadcast_to(metrics["decision"]["threshold"], 2)
    for answer in answers:
        scores = [answer["scores"][name] for name in ("animal", "plant")]
        reached = {n for n, s, t in zip(("animal", "plant"), scores, limits, strict=True) if s >= t}
        if metrics["decision"]["rule"] == "top-k":
            reached = {"animal", "plant"}
        if not reached and metrics["decision"]["rule"] == "at-least-one":
            reached = {max(answer["scores"], key=answer["scores"].get)}
        assert set(answer["labels"]) == reached


def test_the_tokenizer_of_pretraining_is_that_of_fine_tuning(runs):
    texts = [(runs / run / "tokenizer.json").read_text() for run in ("lm", "tags")]
    assert texts[0] == texts[1]


def test_evaluate_gives_the_figures_of_the_run_again(runs, files, tmp_path):
    out = tmp_path / "test.json"
    command = ["evaluate", "--model", f"{runs}/tags", "--data", f"{files}/test.txt"]
    assert cli.main([*command, "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    saved = json.loads((runs / "tags" / "metrics.json").read_text())
    assert found["data"] == pytest.approx(saved["test"])
    assert found["at_half"]["data"] == pytest.approx(saved["at_half"]["test"])


def predict(capsys, monkeypatch, *command, stdin=""):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    status = cli.main(["predict", *command])
    captured = capsys.readouterr()
    return status, [json.loads(line) for line in captured.out.splitlines()], captured.err


def test_predict_answers_each_line_in_order(runs, capsys, monkeypatch):
    text = "the cat saw the dog near a mouse.\n\nthe oak and the old rose. __label__plant\n"
    status, answers, said = predict(capsys, monkeypatch, "--model", f"{runs}/tags", stdin=text)
    assert status == 0 and len(answers) == 3
    assert answers[0]["labels"] == ["animal"] and answers[2]["labels"] == ["plant"]
    assert set(answers[0]["scores"]) == {"animal", "plant"}
    assert "1 lines ended with labels" in said


def test_predict_top_k_and_a_file(runs, files, capsys, monkeypatch):
    command = ["--model", f"{runs}/tags", "--top-k", "1", f"{files}/test.txt"]
    status, answers, _ = predict(capsys, monkeypatch, *command)
    assert status == 0 and len(answers) == 30
    assert all(len(answer["scores"]) == 1 for answer in answers)


def test_predict_refuses_a_pair_where_single_texts_were_trained(runs, capsys, monkeypatch):
    status, _, said = predict(capsys, monkeypatch, "--model", f"{runs}/tags", stdin="a\tb\n")
    assert status == 2 and "standard input:1: expected one text" in said


def test_a_pretrained_run_is_no_classifier(runs, capsys, monkeypatch):
    status, _, said = predict(capsys, monkeypatch, "--model", f"{runs}/lm", stdin="a\n")
    assert status == 2 and "expected one of `kerasbert finetune`" in said


def test_embed_gives_vectors_of_texts_or_positions(runs, files, tmp_path):
    texts = files / "test.txt"
    pooled, states = tmp_path / "pooled.npy", tmp_path / "states.npy"
    command = ["embed", "--model", f"{runs}/lm", str(texts), "--max-length", "40", "--out"]
    assert cli.main([*command, str(pooled)]) == 0
    assert cli.main([*command, str(states), "--tokens"]) == 0
    vectors, positions = np.load(pooled), np.load(states)
    offsets = np.load(tmp_path / "states.offsets.npy")
    assert vectors.shape == (30, 16) and len(offsets) == 31 and offsets[-1] == len(positions)
    means = [positions[a:b].mean(axis=0) for a, b in itertools.pairwise(offsets)]
    np.testing.assert_allclose(vectors, means, atol=1e-5)
    assert cli.main([*command, str(tmp_path / "vectors.txt")]) == 2


def test_architecture_and_tokenizer_are_refused_beside_a_pretrained_run(runs, files, capsys):
    base = ["finetune", "--pretrained", f"{runs}/lm", "--out", f"{runs}/refused"]
    base += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt"]
    for flags in (["--d-model", "16"], ["--tokenizer", "char"], ["--no-lowercase"]):
        assert cli.main([*base, *flags]) == 2
        named = flags[0].replace("--no-", "--")
        assert f"{named}: not beside --pretrained" in capsys.readouterr().err
    assert not (runs / "refused").exists()


def test_going_on_from_a_run(runs, files, tmp_path, capsys):
    command = ["pretrain", "--pretrained", f"{runs}/lm", "--corpus", f"{files}/raw.txt", *SMALL]
    command += [*BOTH, "--out", str(tmp_path / "more"), "--steps", "10", "--learning-rate", "1e-4"]
    assert cli.main(command) == 0
    said = capsys.readouterr().err
    assert "weights of embedding and encoder loaded; of the objectives: " in said
    transfer = json.loads((tmp_path / "more" / "config.json").read_text())["transfer"]
    assert not transfer["new"] and not transfer["unused"], transfer
    first = float(history(tmp_path / "more")[0]["val_loss"])
    last = float(history(runs / "lm")[-1]["val_loss"])
    assert abs(first - last) < 0.1  # it begins where the other ended


def test_a_store_of_another_tokenizer_is_refused(runs, files, tmp_path, capsys):
    store = ["--corpus", f"{files}/raw.txt", "--out", f"{tmp_path}/store", "--tokenizer", "char"]
    assert cli.main(["prepare", *store]) == 0
    command = ["pretrain", "--pretrained", f"{runs}/lm", "--store", f"{tmp_path}/store"]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 2
    assert "another tokenizer" in capsys.readouterr().err


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


@pytest.mark.parametrize("encoder", ["text-cnn", "transformer"])
def test_half_precision_computes_in_16_bits_and_keeps_weights_in_32(encoder, runs, files, tmp_path):
    command = ["finetune", "--out", f"{tmp_path}/run", *SMALL]
    if encoder == "text-cnn":
        command += ["--pretrained", f"{runs}/lm"]
    else:
        command += ["--encoder", encoder, "--d-model", "16", "--layers", "1"]
    command += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt", "--epochs", "4"]
    command += ["--learning-rate", "0.01", "--precision", "bfloat16"]
    assert cli.main(command) == 0
    model = load_model(tmp_path / "run")
    assert model.get_layer("encoder").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["valid"]["f1"] > 0.8
    assert keras.config.dtype_policy().name == "float32"  # nothing outside the run has changed


def test_compare_holds_the_same_rows_for_both_sides(runs, files, tmp_path, capsys):
    command = ["compare", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/compare", *SMALL]
    command += ["--epochs", "2", "--seeds", "2", "--learning-rates", "0.005", "0.01"]
    command += ["--long", "chunk", "--windows", "3"]
    for part in ("train", "valid", "test"):
        command += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(command) == 0
    shown, said = capsys.readouterr()
    assert "from scratch" in shown and "LinearSVC" in shown and "ships" in shown
    assert [said.count(f"\n{part}: ") for part in ("train", "valid", "test")] == [1, 1, 1]
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    for side in ("scratch", "pretrained", "shipped"):
        assert [run["seed"] for run in found[side]] == [0, 1]
        assert all([row["epoch"] for row in run["history"]] == [1, 2] for run in found[side])
        assert len({run["learning_rate"] for run in found[side]}) == 1
    for run in (tmp_path / "compare" / "runs").iterdir():
        assert json.loads((run / "config.json").read_text())["windows"]["most"] == 3
    assert (tmp_path / "compare" / "compare.png").stat().st_size > 10_000
    page = (tmp_path / "compare" / "report.html").read_text()
    assert html.escape(found["sentence"]) in page and page.count("<svg") == 5
    assert "times the epochs" in found["sentence"] or "never reached" in found["sentence"]
    assert "| from scratch |" in (tmp_path / "compare" / "compare.md").read_text()
    assert cli.main([*command, "--resume"]) == 0  # finished: nothing is trained again


def test_compare_judges_what_finetune_ships(runs, files, tmp_path):
    """The column has the figures of `runs/tags`, which `finetune` made with the same flags."""
    command = ["compare", "--pretrained", f"{runs}/lm", "--out", f"{tmp_path}/compare"]
    command += ["--batch-size", "16", "--max-length", "40", "--epochs", "4"]
    command += ["--learning-rate", "0.01"]
    for part in ("train", "valid", "test"):
        command += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(command) == 0
    found = json.loads((tmp_path / "compare" / "compare.json").read_text())
    metrics = json.loads((runs / "tags" / "metrics.json").read_text())
    (shipped,) = found["shipped"]
    assert shipped["tuned_test"] == pytest.approx(metrics["test"], rel=1e-5)
    assert shipped["test"] == pytest.approx(metrics["last_epoch"]["test"], rel=1e-5)
    for ours, row in zip(shipped["history"], history(runs / "tags"), strict=True):
        for name in ("val_loss", "val_micro_f1", "val_macro_f1", "val_f1"):
            assert ours[name] == pytest.approx(float(row[name]), abs=2e-6)
    (alone,) = found["pretrained"]
    assert alone["tuned_test"]["loss"] != pytest.approx(shipped["tuned_test"]["loss"], rel=1e-3)


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
