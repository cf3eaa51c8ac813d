"""Numbers, predicted: the commands on small data, as a user would call them."""

import json
import math

import keras
import numpy as np
import pytest

import kerasbert as kb
from kerasbert import cli
from kerasbert.errors import InputError
from kerasbert.heads.regression.head import Regression
from kerasbert.models.fine_tuning import build_fine_tuning_model
from kerasbert.recipes import audit, evaluate, finetune
from kerasbert.text.fields import Fields
from kerasbert.training import EpochFigures

TINY = {"d_model": 8, "tokenizer": "word", "max_length": 16, "batch_size": 16}
TINY |= {"learning_rate": 0.03, "epochs": 4}


def write(path, rng, count):
    """How often the cat comes, and the dog, with some noise."""
    words = np.array(["cat", "dog", "oak", "the", "old"])
    rows = ["text\tscore\tdogs"]
    for _ in range(count):
        text = rng.choice(words, 8)
        cats, dogs = (text == "cat").sum(), (text == "dog").sum()
        rows.append(f"{' '.join(text)}\t{cats + rng.normal() / 10:.3f}\t{100 + 20 * dogs}")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    rng = np.random.default_rng(0)
    sizes = {"train": 160, "valid": 60, "test": 60}
    return {name: write(folder / f"{name}.tsv", rng, n) for name, n in sizes.items()}


@pytest.fixture(scope="module")
def run(parts, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "cats"
    return out, finetune.run(finetune.Config(**parts, **TINY, out=out, head="regression"))


def read_json(path):
    def refuse(name):
        raise ValueError(name)

    return json.loads(path.read_text(), parse_constant=refuse)


def test_it_learns_and_says_what_it_is_worth(run):
    out, metrics = run
    assert metrics["valid"]["pearson"] > 0.5 and metrics["head"] == "regression"
    history = np.genfromtxt(out / "history.csv", delimiter=",", names=True)
    columns = "epoch loss val_loss val_pearson val_spearman val_mae val_rmse val_r2 seconds"
    assert " ".join(history.dtype.names) == columns
    assert metrics["best_epoch"] == 1 + int(np.argmax(history["val_spearman"]))
    assert metrics["valid"]["spearman"] == pytest.approx(max(history["val_spearman"]), abs=1e-5)
    saved = read_json(out / "metrics.json")
    assert saved["test"]["mae"] == pytest.approx(metrics["test"]["mae"])
    assert 0 <= saved["test"]["coverage"] <= 1 and saved["intervals"]["documents"] == 60
    page = (out / "report.html").read_text()
    for heading in ("Predicted against true, on test data", "Residuals", "The largest errors"):
        assert heading in page
    assert read_json(out / "config.json")["settings"]["loss"] == "squared"


def test_figures_and_intervals_are_those_of_the_answers(run, parts):
    """In their own unit, whatever the network learned."""
    out, metrics = run
    documents = kb.read_labeled(parts["test"], numbers=True)
    gold = np.array([float(document.labels[0]) for document in documents])
    answers = kb.load_predictor(out)([document.texts[0] for document in documents])
    values = np.array([answer["value"] for answer in answers])
    assert np.abs(values - gold).mean() == pytest.approx(metrics["test"]["mae"], rel=1e-4)
    low, high = np.array([answer["interval"] for answer in answers]).T
    held = ((gold >= low) & (gold <= high)).mean()
    assert held == pytest.approx(metrics["test"]["coverage"], abs=0.02)
    assert held > 0.7  # 0.9 on average over draws of the data
    assert (high - low) == pytest.approx(2 * metrics["intervals"]["half_widths"][0], rel=1e-3)


def test_evaluate_predict_and_explain(run, parts, tmp_path, capsys):
    out, metrics = run
    found = evaluate.run(evaluate.Config(model=out, data=parts["test"], out=tmp_path / "e.json"))
    for name in ("pearson", "mae", "coverage", "loss"):
        assert found["data"][name] == pytest.approx(metrics["test"][name], rel=1e-5)
    assert read_json(tmp_path / "e.json")["head"] == "regression"
    (tmp_path / "new.txt").write_text("cat cat the cat\n\nthe old oak __label__3\n")
    command = ["predict", "--model", str(out), f"{tmp_path}/new.txt"]
    assert cli.main(command) == 0
    shown = capsys.readouterr()
    many, empty, none = [json.loads(line) for line in shown.out.splitlines()]
    assert many["value"] > none["value"] and empty["value"] is None
    assert cli.main([*command, "--explain"]) == 0
    words = json.loads(capsys.readouterr().out.splitlines()[0])["words"]["value"]
    assert words[0]["word"] == "cat"
    assert cli.main([*command, "--top-k", "2"]) == 2
    assert "--top-k: the run's head, regression, does not take it" in capsys.readouterr().err
    assert cli.main(["evaluate", "--model", str(out), "--data", str(parts["test"])]) == 0
    assert "on these documents they held" in capsys.readouterr().out


@pytest.mark.in_turn
def test_the_head_follows_from_the_numbers_and_is_said(parts, tmp_path, capsys):
    given = [f"--{name}={parts[name]}" for name in ("train", "valid")]
    given += ["--label-field", "score", "--out", f"{tmp_path}/run", "--limit", "60"]
    tiny = [f"--{name.replace('_', '-')}={value}" for name, value in (TINY | {"epochs": 1}).items()]
    assert cli.main(["finetune", *given, *tiny]) == 0
    said = capsys.readouterr().err
    assert "60 different numbers" in said and "say --head classification" in said
    mixed = tmp_path / "mixed.csv"
    mixed.write_text(
        "text,label\n" + "".join(f"a,{n / 4 if n % 4 == 1 else n}\n" for n in range(60))
    )
    wrong = ["finetune", "--train", str(mixed), "--valid-share", "0.2", "--out", f"{tmp_path}/no"]
    assert cli.main([*wrong, *tiny]) == 2
    assert "To predict numbers, say --head regression; if" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


@pytest.mark.in_turn
def test_several_numbers_have_their_names(parts, tmp_path):
    settings = finetune.Config(
        train=parts["train"], valid_share=0.25, test=parts["test"], out=tmp_path / "two",
        head="regression", label_field=("dogs", "score"), best="mae", loss="huber", **TINY,
    )  # fmt: skip
    metrics = finetune.run(settings)
    assert list(metrics["test"]["by_name"]) == ["dogs", "score"]
    predictor = kb.load_predictor(tmp_path / "two")
    (answer,) = predictor(["cat cat dog dog"])
    assert answer["dogs"]["value"] > 90 and answer["score"]["value"] < 20
    swapped = evaluate.run(
        evaluate.Config(model=tmp_path / "two", data=parts["test"], label_field=("score", "dogs"))
    )
    assert swapped["data"]["mae"] == pytest.approx(metrics["test"]["mae"], rel=1e-5)
    history = np.genfromtxt(tmp_path / "two/history.csv", delimiter=",", names=True)
    assert metrics["best_epoch"] == 1 + int(np.argmin(history["val_mae"]))


@pytest.mark.in_turn
@pytest.mark.parametrize("constant", ["gold", "one document"])
def test_without_a_correlation_the_lowest_loss_chooses(constant, parts, tmp_path):
    lines = parts["valid"].read_text().splitlines()
    some = lines[:2] if constant == "one document" else [
        lines[0], *(f"{line.split(chr(9))[0]}\t2\t0" for line in lines[1:9])
    ]  # fmt: skip
    (tmp_path / "valid.tsv").write_text("\n".join(some) + "\n")
    metrics = finetune.run(finetune.Config(
        train=parts["train"], valid=tmp_path / "valid.tsv", out=tmp_path / "run",
        head="regression", **TINY | {"epochs": 2},
    ))  # fmt: skip
    saved = read_json(tmp_path / "run/metrics.json")
    assert saved["valid"]["spearman"] is None and saved["valid"]["spearman_reason"]
    assert saved["valid"]["mae"] > 0 and metrics["best_epoch"] in (1, 2)
    assert saved["intervals"]["half_widths"] is None and "too few" in saved["intervals"]["reason"]
    rows = (tmp_path / "run/history.csv").read_text().splitlines()
    assert "nan" not in "".join(rows) and ",," in rows[1]
    (answer,) = kb.load_predictor(tmp_path / "run")(["cat"])
    assert answer["interval"] is None and "too few" in answer["interval_reason"]


WRONG = [
    ({"rule": "threshold"}, "--rule: for --head classification, and this is regression"),
    ({"loss": "focal"}, "--loss focal: expected one of squared, absolute, huber"),
    ({"kind": "binary"}, "--kind: for --head classification"),
    ({"coverage": 1.0}, "--coverage: expected 0 < coverage < 1"),
]


@pytest.mark.parametrize("given, message", WRONG)
def test_settings_that_do_not_fit(given, message, parts, tmp_path):
    with pytest.raises(InputError, match=message):
        finetune.Config(**parts, out=tmp_path, head="regression", **given)
    with pytest.raises(InputError, match="--best: for --head regression, and this is class"):
        finetune.Config(**parts, out=tmp_path, kind="binary", best="mae")


def test_the_same_number_everywhere_is_nothing_to_learn(parts, tmp_path):
    (tmp_path / "same.csv").write_text("text,score\n" + "a b,2.5\n" * 12)
    with pytest.raises(InputError, match=r"12 documents have the same 'value', 2\.5"):
        finetune.run(finetune.Config(
            train=tmp_path / "same.csv", valid=parts["valid"], out=tmp_path / "run",
            head="regression", **TINY,
        ))  # fmt: skip


def test_the_audit_of_numbers(parts, tmp_path):
    lines = parts["valid"].read_text().splitlines()
    (tmp_path / "valid.tsv").write_text("\n".join([*lines, "a cat\t99.5\t1"]) + "\n")
    files = {"train": parts["train"], "valid": tmp_path / "valid.tsv", "label_field": ("score",)}
    for head in (None, "regression"):
        found = audit.run(audit.Config(**files, head=head))["findings"]
        beyond = next(one for one in found if "beyond those of train" in one["what"])
        assert beyond["count"] >= 1 and "99.5 (line 62)" in beyond["examples"]
        assert not any("labels with fewer" in one["what"] for one in found)


@pytest.mark.in_turn
def test_a_script_of_ones_own(parts):
    """`model.fit` on batches of the head, with its figures."""
    documents = {name: kb.read_labeled(parts[name], numbers=True) for name in ("train", "valid")}
    texts = [document.texts[0] for document in documents["train"]]
    tokenizer = kb.train_tokenizer(texts, "word", 50)
    head = Regression.from_documents(documents["train"], loss_name="absolute")
    train, valid = (
        kb.LabeledBatches(part, tokenizer, head, max_length=16) for part in documents.values()
    )
    config = kb.TextCNNConfig(vocabulary_size=tokenizer.vocabulary_size, d_model=8)
    model = build_fine_tuning_model(
        kb.build_embedding(config, 0), kb.build_encoder(config, 0), head.output
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss=head.loss(train.gold))
    found = model.fit(
        train.stream(), steps_per_epoch=train.steps_per_epoch, epochs=3, shuffle=False, verbose=0,
        callbacks=[EpochFigures(valid)],
    ).history  # fmt: skip
    assert found["val_mae"][-1] < found["val_mae"][0]
    assert found["val_spearman"][-1] > 0.4


@pytest.mark.parametrize("name", ["squared", "absolute", "huber"])
def test_the_loss_of_figures_is_that_of_training(name, run):
    from kerasbert.heads.regression.losses import build_loss
    from kerasbert.heads.regression.scores import mean_loss

    rng = np.random.default_rng(0)
    targets, outputs = rng.normal(size=(2, 30, 2)).astype("float32") * 2
    network = float(keras.ops.convert_to_numpy(build_loss(name)(targets, outputs)))
    assert mean_loss(name, targets, outputs) == pytest.approx(network, rel=1e-5)


def test_pairs_and_their_rivals():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    words = np.array(list("abcdefghijklmnop"))

    def part(count):
        documents = []
        for line in range(count):
            one = rng.choice(words, 8, replace=False)
            other = np.where(rng.random(8) < rng.random(), rng.choice(words, 8), one)
            shared = len(set(one) & set(other)) / 2
            texts = (" ".join(one), " ".join(other))
            documents.append(kb.text.LabeledDocument(texts, (f"{shared}",), line))
        return documents

    parts = {"train": part(150), "valid": part(60), "test": part(60)}
    head = Regression.from_documents(parts["train"])
    cosine, ridge = head.rivals(parts)
    assert cosine["name"] == "TF-IDF cosine" and ridge["name"] == "TF-IDF + ridge"
    assert cosine["test"]["pearson"] > 0.9 > ridge["test"]["pearson"]
    assert cosine["test"]["mae"] < 0.7 and math.isfinite(ridge["valid"]["mae"])
    singles = {name: [kb.text.LabeledDocument(d.texts[:1], d.labels, d.line) for d in documents]
               for name, documents in parts.items()}  # fmt: skip
    assert [rival["name"] for rival in head.rivals(singles)] == ["TF-IDF + ridge"]


def test_evaluating_other_columns_says_so(run, parts):
    out, _ = run
    with pytest.raises(InputError, match="2 numbers, expected 1 as in the training data"):
        evaluate.run(evaluate.Config(model=out, data=parts["test"], label_field=("dogs", "score")))
    assert Fields(label="score").label == ("score",)


@pytest.mark.parametrize(
    "head", ["regression", pytest.param("classification", marks=pytest.mark.in_turn)]
)
def test_pairs_apart(head, tmp_path):
    """What both texts have in common is seen by neither alone."""
    rng = np.random.default_rng(0)
    words = np.array(list("abcdef"))
    for name, count in (("train", 240), ("valid", 60)):
        rows = []
        for _ in range(count):
            one, other = rng.choice(words, 4), rng.choice(words, 4)
            shared = len(set(one) & set(other)) + rng.normal() / 10
            label = f"{shared:.2f}" if head == "regression" else ["none", "many"][shared > 1.5]
            rows.append(f"{' '.join(one)}\t{' '.join(other)} __label__{label}")
        (tmp_path / f"{name}.txt").write_text("\n".join(rows) + "\n")
    files = {name: tmp_path / f"{name}.txt" for name in ("train", "valid")}
    tiny = TINY | {"d_model": 16, "epochs": 6, "batch_size": 32}
    metrics = finetune.run(
        finetune.Config(**files, **tiny, head=head, pair="apart", out=tmp_path / "run")
    )
    assert metrics["valid"]["spearman" if head == "regression" else "f1"] > 0.2
    found = evaluate.run(evaluate.Config(model=tmp_path / "run", data=files["valid"]))
    assert found["data"]["loss"] == pytest.approx(metrics["valid"]["loss"], rel=1e-4)
    answers = kb.load_predictor(tmp_path / "run")([("a b c d", "a b c d"), ("a a a a", "b b b b")])
    if head == "regression":
        assert answers[0]["value"] > answers[1]["value"]
    with pytest.raises(InputError, match=r"--pair apart: expected pairs of texts"):
        (tmp_path / "single.txt").write_text("a __label__1.5\nb __label__2.5\n")
        finetune.run(finetune.Config(
            train=tmp_path / "single.txt", valid=tmp_path / "single.txt", head="regression",
            pair="apart", out=tmp_path / "no", **tiny,
        ))  # fmt: skip
