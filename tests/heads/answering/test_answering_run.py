"""Questions, answered: the commands on small data, as a user would call them."""

import csv
import json

import numpy as np
import pytest
from questions import write_squad

import kerasbert as kb
from kerasbert import cli
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.evaluation.exact_match import answer_figures
from kerasbert.recipes import evaluate, finetune
from kerasbert.text.squad import read_questions

TINY = {"d_model": 16, "tokenizer": "word", "max_length": 24, "batch_size": 16, "overlap": 4}
TINY |= {"learning_rate": 0.03, "epochs": 2, "head": "answering"}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("questions")
    sizes = {"train": 160, "valid": 60, "test": 60}
    return {
        name: write_squad(folder / f"{name}.json", seed, size)
        for seed, (name, size) in enumerate(sizes.items())
    }


@pytest.fixture(scope="module")
def run(parts, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "places"
    return out, finetune.run(finetune.Config(**parts, **TINY, out=out))


def test_it_learns_and_says_what_it_is_worth(run):
    out, metrics = run
    assert metrics["head"] == "answering" and metrics["counted_by"] == "words"
    assert metrics["valid"]["f1"] > 0.8 and metrics["test"]["exact_match"] > 0.8
    assert metrics["no_answer"] == {"lack": None, "documents": 0}
    history = np.genfromtxt(out / "history.csv", delimiter=",", names=True)
    assert " ".join(history.dtype.names) == "epoch loss val_loss val_exact_match val_f1 seconds"
    assert metrics["valid"]["f1"] == pytest.approx(max(history["val_f1"]), abs=1e-5)
    page = (out / "report.html").read_text()
    for heading in ("By question word", "By length of the answer", "Questions with another answer"):
        assert heading in page
    card = (out / "README.md").read_text()
    assert "question-answering" in card and "exact match" in card
    config = json.loads((out / "config.json").read_text())
    assert config["answer_length"] == 1 and config["counted_by"] == "words"
    assert config["windows"] == {"overlap": 4, "most": 0, "rows": True}


def test_answers_are_stretches_of_the_context(run, parts):
    """And the figures are theirs."""
    out, metrics = run
    documents = read_questions(parts["test"])
    answers = kb.load_predictor(out)([document.texts for document in documents])
    for answer, document in zip(answers, documents, strict=True):
        assert document.context[answer["start"] : answer["end"]] == answer["answer"]
        second = answer["runner_up"]
        assert second["end"] <= answer["start"] or second["start"] >= answer["end"]
        assert answer["probability"] >= second["probability"]
        assert "no_answer" not in answer
    matches, f1 = answer_figures([one["answer"] for one in answers], [d.gold for d in documents])
    assert np.mean(matches) == pytest.approx(metrics["test"]["exact_match"])
    assert np.mean(f1) == pytest.approx(metrics["test"]["f1"])


def test_padding_batch_size_and_order_change_no_answer(run, parts):
    out, _ = run
    texts = [document.texts for document in read_questions(parts["test"])]
    predictor = kb.load_predictor(out)
    together = predictor(texts)
    assert [predictor([one])[0]["start"] for one in texts[:12]] == [
        one["start"] for one in together[:12]
    ]
    backwards = predictor(texts[::-1])[::-1]
    for one, other in zip(together, backwards, strict=True):
        assert (one["start"], one["end"]) == (other["start"], other["end"])
        assert one["probability"] == pytest.approx(other["probability"], abs=1e-4)


def test_evaluate_and_its_page(run, parts, tmp_path, capsys):
    out, metrics = run
    found = evaluate.run(
        evaluate.Config(model=out, data=parts["test"], report=tmp_path / "page.html")
    )
    for name in ("exact_match", "f1", "loss"):
        assert found["data"][name] == pytest.approx(metrics["test"][name], rel=1e-5)
    assert "By question word, on evaluated data" in (tmp_path / "page.html").read_text()
    assert cli.main(["evaluate", "--model", str(out), "--data", str(parts["test"])]) == 0
    assert "SQuAD's script" in " ".join(capsys.readouterr().out.split())


def test_predict_reads_every_form(run, parts, tmp_path, capsys):
    out, _ = run
    documents = read_questions(parts["test"], limit=3)
    (tmp_path / "new.jsonl").write_text(
        "".join(
            json.dumps({"id": d.id, "question": d.question, "context": d.context}) + "\n"
            for d in documents
        )
    )
    with (tmp_path / "new.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "question", "context"])
        rows.writerows([d.id, d.question, d.context] for d in documents)
    answers = []
    for name in (str(parts["test"]), f"{tmp_path}/new.jsonl", f"{tmp_path}/new.csv"):
        assert cli.main(["predict", "--model", str(out), name]) == 0
        lines = capsys.readouterr().out.splitlines()
        answers.append([json.loads(line) for line in lines[:3]])
    assert answers[0] == answers[1] == answers[2]
    assert [one["id"] for one in answers[0]] == [d.id for d in documents]
    command = ["predict", "--model", str(out), f"{tmp_path}/new.csv"]
    assert cli.main([*command, "--format", "csv"]) == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert header == "id,answer,start,end,probability,runner_up"
    assert cli.main([*command, "--top-k", "2"]) == 2
    assert "the run's head, answering, does not take it" in capsys.readouterr().err
    assert cli.main([*command, "--explain"]) == 2


def test_places_count_the_white_space_before_a_context(run, tmp_path, capsys):
    out, _ = run
    record = {"question": "where sat 1 ?", "context": "  \n the cat in rome."}
    (tmp_path / "new.jsonl").write_text(json.dumps(record) + "\n")
    assert cli.main(["predict", "--model", str(out), f"{tmp_path}/new.jsonl"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert record["context"][answer["start"] : answer["end"]] == answer["answer"]


def test_nothing_to_read_gets_no_answer(run):
    (answer,) = kb.load_predictor(run[0])([("where ?", " ")])
    assert answer["answer"] is None and "empty" in answer["answer_reason"]


@pytest.mark.in_turn
def test_the_form_of_the_file_says_the_head(parts, tmp_path, capsys):
    tiny = TINY | {"epochs": 1, "limit": 40}
    del tiny["head"], tiny["overlap"]
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in tiny.items()]
    command = ["finetune", f"--train={parts['train']}", "--valid-share", "0.2", *flags]
    assert cli.main([*command, "--out", f"{tmp_path}/run"]) == 0
    said = capsys.readouterr().err
    assert "its form says --head answering" in said and "contexts" in said
    kept = read_questions(tmp_path / "run/valid.jsonl")  # what was set aside, whole contexts
    learned = {d.context for d in read_questions(parts["train"], limit=40)}
    assert len(kept) % 2 == 0 and {d.context for d in kept} < learned
    assert all(d.context[a.start : a.end] == a.text for d in kept for a in d.answers)
    assert cli.main([*command, "--out", f"{tmp_path}/no", "--coverage", "0.8"]) == 2
    assert "--coverage: for --head regression, and this is answering" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--pair", "apart"], "--pair apart: not beside --head answering"),
        (["--loss", "squared"], "--loss squared: expected one of cross-entropy for answering"),
        (["--answer-length", "0"], "--answer-length"),
        (["--kind", "binary"], "--kind: for --head classification, and this is answering"),
    ],
)
def test_what_does_not_fit_is_refused(flags, message, parts, tmp_path, capsys):
    command = ["finetune", f"--train={parts['train']}", f"--valid={parts['valid']}"]
    assert cli.main([*command, "--head", "answering", *flags, "--out", f"{tmp_path}/no"]) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "no").exists()


@pytest.mark.in_turn
def test_questions_without_an_answer(tmp_path, parts):
    """A threshold of validation data says when there is none."""
    made = {
        name: write_squad(tmp_path / f"{name}.json", 10 + seed, 200, unanswerable=0.4)
        for seed, name in enumerate(("train", "valid", "test"))
    }
    out = tmp_path / "run"
    metrics = finetune.run(finetune.Config(**made, **TINY, out=out, answer_length=2))
    assert metrics["no_answer"]["documents"] == 200
    test = metrics["test"]
    parts_of = [test["answerable"], test["unanswerable"]]
    assert sum(part["documents"] for part in parts_of) == test["documents"] == 200
    assert test["unanswerable"]["f1"] > 0.8 and test["answerable"]["f1"] > 0.6
    whole = sum(part["f1"] * part["documents"] for part in parts_of) / 200
    assert test["f1"] == pytest.approx(whole)
    given, none = kb.load_predictor(out)(
        [("where sat 1 ?", "the cat sat in rome."), ("where sat 1 ?", "the old cat sat.")]
    )
    assert given["answer"] == "rome" and none["answer"] is None
    assert none["probability"] == none["no_answer"] and none["runner_up"]["answer"]
    again = evaluate.run(evaluate.Config(model=out, data=made["test"]))
    assert again["data"]["f1"] == pytest.approx(test["f1"])


def test_training_batches_hold_the_answers(run, parts):
    """Each row's first and last position decode to what is right, or to [CLS]."""
    out, _ = run
    predictor = kb.load_predictor(out)
    documents = read_questions(parts["train"])
    batches = LabeledBatches(
        documents, predictor.tokenizer, predictor.head, max_length=24, batch_size=8,
        windows=predictor.windows,
    )  # fmt: skip
    held = 0
    for step in range(batches.steps_per_epoch):
        inputs, targets = batches.batch(step)
        assert targets.shape == (*inputs["token_ids"].shape, 2)
        assert np.array_equal(targets[:, :, 0] < 0, inputs["token_ids"] == batches.special.pad)
        first, last = (targets == 1).argmax(axis=1).T
        for row, ids in enumerate(inputs["token_ids"]):
            (text,) = predictor.tokenizer.decode([ids[first[row] : last[row] + 1]])
            held += first[row] > 0
            assert first[row] == last[row] == 0 or text in {d.gold[0] for d in documents}
    assert held >= len(documents)
