"""The whole way through the commands, on small files, as a user would walk it."""

import csv
import html
import itertools
import json

import numpy as np
import pytest
from walking import BOTH, SMALL, history, predict

from kerasbert import cli, load_model


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
    assert metrics["seconds"] == pytest.approx(sum(float(row["seconds"]) for row in rows))


# In turn: what is said of figures, which rule chooses from scores, and what is refused.


@pytest.mark.in_turn
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
        assert ("Nothing learned yet of document words" in said) is not learned
    assert metrics["learned"] == dict.fromkeys(objectives, learned)
    assert ("Give it more minutes (--minutes, --steps)" in said) is not learned
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
    assert metrics["seconds"] == pytest.approx(sum(float(r["seconds"]) for r in history(tags)))
    assert (tags / "labels.txt").read_text().split() == ["animal", "plant"]
    transfer = json.loads((tags / "config.json").read_text())["transfer"]
    assert transfer["new"] == ["logits/kernel", "logits/bias"]
    weights = load_model(tags).trainable_weights
    assert len(transfer["loaded"]) + len(transfer["new"]) == len(weights)


@pytest.mark.parametrize(
    "name, tag", [("lm", "feature-extraction"), ("tags", "text-classification")]
)
def test_a_run_has_its_model_card(name, tag, runs):
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(runs / name / "README.md")
    metrics = json.loads((runs / name / "metrics.json").read_text())
    assert card.data.pipeline_tag == tag and card.data.model_name == name
    values = {result.metric_value for result in card.data.eval_results}
    wanted = metrics["test"]["macro_f1"] if name == "tags" else metrics["val_loss_masked_lm"]
    assert round(wanted, 4) in values and f"| {wanted:.4f} |" in card.text
    assert str(runs) not in card.content


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
    assert page.count("<svg") == 5 and "weights loaded" in page
    assert "Labels, on validation data" in page and page.count('class="doc"') == 40
    page = (runs / "lm" / "report.html").read_text()
    assert page.count("<svg") == 5 and "Words that are near each other" in page
    assert page.count("<mark") == page.count("<article>") > 0  # a hidden word each


@pytest.mark.in_turn
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
    page = tmp_path / "test.html"
    assert cli.main([*command, "--out", str(out), "--report", str(page)]) == 0
    found = json.loads(out.read_text())
    saved = json.loads((runs / "tags" / "metrics.json").read_text())
    text = page.read_text()
    assert "tags on test.txt" in text and "Documents, on evaluated data" in text
    assert text.count('class="doc"') == 30 and "kerasbert evaluate --model" in text
    assert found["data"] == pytest.approx(saved["test"])
    assert found["at_half"]["data"] == pytest.approx(saved["at_half"]["test"])


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


@pytest.mark.in_turn
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


@pytest.mark.in_turn
def test_a_store_of_another_tokenizer_is_refused(runs, files, tmp_path, capsys):
    store = ["--corpus", f"{files}/raw.txt", "--out", f"{tmp_path}/store", "--tokenizer", "char"]
    assert cli.main(["prepare", *store]) == 0
    command = ["pretrain", "--pretrained", f"{runs}/lm", "--store", f"{tmp_path}/store"]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 2
    assert "another tokenizer" in capsys.readouterr().err
