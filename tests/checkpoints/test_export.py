"""Runs leave: transformers loads them, answers as we do, and finds the same tokens."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from public_answers import LINES

from kerasbert import cli, load_model, load_predictor
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.export import export
from kerasbert.checkpoints.passing_on import passing_on
from kerasbert.errors import InputError
from kerasbert.models.transfer import weights_of
from kerasbert.recipes import finetune, pretrain
from kerasbert.runs import RunFolder

pytestmark = [pytest.mark.in_turn, pytest.mark.slow]  # what is written is numpy's on all backends

PUBLIC = [
    *("bert", "bert-masked-lm", "roberta", "xlm-roberta", "distilbert", "modernbert"),
    *("electra", "electra-generator"),
    *(f"{name}-classifier" for name in ("bert", "roberta", "distilbert", "electra", "modernbert")),
    "bert-number",
]
# Fine-tuned here, and then they leave; the last is no public model, only of BERT's shape.
TRAINED = {
    "bert": {},
    "distilbert": {},
    "own": {"encoder": "transformer", "norm": "post", "positions": "learned", "d_model": 16}
    | {"layers": 1, "heads": 2, "tokenizer": "word"},
}
# Of numbers; the last begins with a head that has been one of numbers.
NUMBERS = {"bert-scores": "bert", "bert-number-scores": "bert-number"}
# Pre-trained here, from nothing or from a public model; all have a masked-LM head.
LEARNED = {
    "shape-bert": {"shape": "bert", "d_model": 16, "layers": 2, "heads": 2, "tokenizer": "word"},
    "modern": {"encoder": "modernbert", "d_model": 16, "layers": 3, "heads": 2}
    | {"tokenizer": "wordpiece"},
    "modern-on": {"pretrained": "modernbert"},
}


@pytest.fixture(scope="module")
def place(public_models, files, tmp_path_factory):
    """Folders that have left, what they were made of (RUN.run), and what transformers says."""
    place = tmp_path_factory.mktemp("out")
    for name in PUBLIC:
        convert(public_models / name, place / f"{name}.run")
        export(place / f"{name}.run", place / name)
        shutil.copy(public_models / f"{name}.npz", place / f"{name}.rows.npz")
    for name, options in TRAINED.items():
        config = finetune.Config(
            pretrained=None if options else str(place / f"{name}.run"),
            train=files / "train.txt",
            valid=files / "valid.txt",
            out=place / f"{name}-tags.run",
            pooling="cls",
            epochs=1,
            max_length=40,
            **options,
        )
        finetune.run(config)
        export(place / f"{name}-tags.run", place / f"{name}-tags")
        rows = dict(np.load(public_models / f"{'bert' if options else name}.npz"))
        if options:  # a vocabulary of its own, of few words
            rows["ids"] = np.where(rows["mask"], 5 + rows["ids"] % 20, 0)
        np.savez(place / f"{name}-tags.rows.npz", **rows)
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("valid", 30)):
        rows = [f"{'the cat s' * int(n)},{10 * n + 100:g}" for n in rng.integers(1, 6, count)]
        (place / f"{part}.csv").write_text("\n".join(["text,score", *rows]) + "\n")
    for name, start in NUMBERS.items():
        config = finetune.Config(
            pretrained=str(place / f"{start}.run"),
            train=place / "train.csv",
            valid=place / "valid.csv",
            label_field=("score",),
            head="regression",
            out=place / f"{name}.run",
            pooling="cls",
            epochs=1,
            max_length=40,
        )
        finetune.run(config)
        export(place / f"{name}.run", place / name)
        shutil.copy(public_models / f"{start}.npz", place / f"{name}.rows.npz")
    for name, options in LEARNED.items():
        if "pretrained" in options:
            options = {"pretrained": str(public_models / options["pretrained"])}
        config = pretrain.Config(
            corpus=(str(files / "raw.txt"),),
            out=place / f"{name}.run",
            tasks=("masked-lm",),
            steps=3,
            learning_rate=0.02,
            max_length=30,
            **options,
        )
        pretrain.run(config)
        export(place / f"{name}.run", place / name)
        rows = dict(np.load(public_models / "modernbert.npz"))
        if "pretrained" not in options:
            rows["ids"] = np.where(rows["mask"], 5 + rows["ids"] % 20, 0)
        np.savez(place / f"{name}.rows.npz", **rows)
    program = Path(__file__).with_name("public_answers.py")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, program, place], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return place


def load(place, name):
    rows = np.load(place / f"{name}.answers.npz")
    return dict(rows), json.loads((place / f"{name}.tokens.json").read_text())


@pytest.mark.parametrize("name", PUBLIC)
def test_what_came_in_leaves_as_it_was(name, place, public_models):
    before, (after, _) = np.load(public_models / f"{name}.npz"), load(place, name)
    mask = before["mask"]
    np.testing.assert_allclose(after["hidden"][mask], before["hidden"][mask], atol=1e-5)
    for answer in {"logits", "pooler_output"} & set(before):
        if answer in after:
            one = mask if before[answer].ndim == 3 else slice(None)
            np.testing.assert_allclose(after[answer][one], before[answer][one], atol=1e-5)


@pytest.mark.parametrize("name", [*PUBLIC, *(f"{name}-tags" for name in TRAINED)])
def test_nothing_is_missing_and_tokens_are_the_same(name, place):
    _, said = load(place, name)
    absent = {"pooler.dense.bias", "pooler.dense.weight"}  # of a model that has come without
    assert set(said["missing"]) <= absent
    tokenizer = RunFolder.open(place / f"{name}.run").tokenizer()
    config = json.loads((place / name / "config.json").read_text())
    types = "token_type_ids" in said["inputs"]
    assert types == (config.get("type_vocab_size", 1) > 1)
    length = json.loads((place / name / "tokenizer_config.json").read_text())["model_max_length"]
    for ids, theirs in zip(tokenizer.encode(LINES), said["ids"], strict=True):
        assert theirs == [tokenizer.cls_id, *ids.tolist()[: length - 2], tokenizer.sep_id]


@pytest.mark.parametrize("name", PUBLIC)
def test_a_round_trip_is_exact(name, place, tmp_path):
    convert(place / name, tmp_path / "again")
    first, again = (RunFolder.open(path) for path in (place / f"{name}.run", tmp_path / "again"))
    assert again.architecture() == first.architecture()
    assert again.tokenizer().fingerprint() == first.tokenizer().fingerprint()
    weights = weights_of(load_model(first.path)), weights_of(load_model(again.path))
    assert set(weights[0]) == set(weights[1])
    for path, variable in weights[0].items():
        np.testing.assert_array_equal(np.asarray(variable), np.asarray(weights[1][path]), path)


@pytest.mark.parametrize("name", TRAINED)
def test_a_classifier_that_was_trained_here(name, place, public_models):
    theirs, _ = load(place, f"{name}-tags")
    model = load_model(place / f"{name}-tags.run")
    alone = keras.Model(model.input, model.get_layer("logits").output)  # without the linear SVMs
    rows = {"token_ids": theirs["ids"], "segment_ids": theirs["segments"]}
    ours = alone.predict_on_batch({key: value.astype("int32") for key, value in rows.items()})
    np.testing.assert_allclose(theirs["logits"], np.asarray(ours), atol=1e-5)
    config = json.loads((place / f"{name}-tags" / "config.json").read_text())
    assert config["id2label"] == {"0": "animal", "1": "plant"}
    assert config["problem_type"] == "multi_label_classification"
    beside = json.loads((place / f"{name}-tags" / "kerasbert.json").read_text())
    metrics = RunFolder.open(place / f"{name}-tags.run").read_json("metrics.json")
    assert beside["decision"] == metrics["decision"] and beside["linear_svm"]
    assert (place / f"{name}-tags" / "kerasbert.safetensors").exists()
    again = place / f"{name}-tags.again"
    convert(place / f"{name}-tags", again)
    assert load_predictor(again).head.labels.names == ("animal", "plant")


@pytest.mark.parametrize("name", NUMBERS)
def test_a_regression_leaves_with_numbers_in_their_own_unit(name, place):
    theirs, said = load(place, name)
    assert not said["missing"]
    predictor = load_predictor(place / f"{name}.run")
    rows = {"token_ids": theirs["ids"], "segment_ids": theirs["segments"]}
    outputs = predictor.model.predict_on_batch({key: x.astype("int32") for key, x in rows.items()})
    ours = predictor.head.read(np.asarray(keras.ops.convert_to_numpy(outputs)))
    assert 100 < ours.mean() < 160
    np.testing.assert_allclose(theirs["logits"], ours, rtol=1e-5)
    config = json.loads((place / name / "config.json").read_text())
    assert (config["problem_type"], config["id2label"]) == ("regression", {"0": "value"})
    beside = json.loads((place / name / "kerasbert.json").read_text())
    assert beside["intervals"]["half_widths"]
    convert(place / name, place / f"{name}.again")
    text = "the cat s" * 3
    (one,), (other,) = predictor([text]), load_predictor(place / f"{name}.again")([text])
    assert other["value"] == pytest.approx(one["value"], rel=1e-5) and other["interval"] is None


def test_pairs_that_are_encoded_apart_leave_as_their_encoder(place, tmp_path):
    rows = [f"the cat,{'the cat s' * (n % 4 + 1)},{n % 4}" for n in range(30)]
    (tmp_path / "pairs.csv").write_text("\n".join(["text_a,text_b,score", *rows]) + "\n")
    config = finetune.Config(
        pretrained=str(place / "bert.run"), train=tmp_path / "pairs.csv", valid_share=0.3,
        text_field=("text_a", "text_b"), label_field=("score",), head="regression", pair="apart",
        out=tmp_path / "run", epochs=1, max_length=20,
    )  # fmt: skip
    finetune.run(config)
    with pytest.raises(InputError, match="--pair apart compares the vectors of two texts"):
        export(tmp_path / "run", tmp_path / "out")
    export(tmp_path / "run", tmp_path / "out", "sentence-transformers")
    assert (tmp_path / "out" / "modules.json").exists()


@pytest.mark.parametrize("name", LEARNED)
def test_a_masked_lm_that_was_trained_here(name, place):
    theirs, said = load(place, name)
    assert not said["missing"]
    (public,) = json.loads((place / name / "config.json").read_text())["architectures"]
    assert public.endswith("ForMaskedLM")
    model, mask = load_model(place / f"{name}.run"), theirs["mask"]
    rows = {"token_ids": theirs["ids"], "segment_ids": np.zeros_like(theirs["ids"])}
    rows["masked_positions"] = np.tile(np.arange(mask.shape[1]), (len(mask), 1))
    ours = model.predict_on_batch({key: value.astype("int32") for key, value in rows.items()})
    ours = np.asarray(ours["masked_lm"] if isinstance(ours, dict) else ours)
    np.testing.assert_allclose(theirs["logits"][mask], ours[mask], atol=1e-5)
    convert(place / name, place / f"{name}.again")
    first, again = (weights_of(load_model(place / f"{name}.{end}")) for end in ("run", "again"))
    for path in set(first) & set(again):
        np.testing.assert_array_equal(np.asarray(first[path]), np.asarray(again[path]), path)
    assert {path for path in first if path.startswith(("encoder", "embedding", "masked_lm"))} <= (
        set(again)
    )


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_a_dense_layer_can_pass_on_what_it_gets(activation):
    rng = np.random.default_rng(0)
    states = np.clip(rng.normal(size=(50, 64)), -4, 4).astype("float32")
    given = {"logits/kernel": rng.normal(size=(64, 3)) * 0.1, "logits/bias": rng.normal(size=3)}
    made = passing_on(given, activation, np.full(64, 4.0))
    functions = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0), "gelu": lambda x: x}
    passed = states @ made["classifier_transform/kernel"] + made["classifier_transform/bias"]
    assert activation == "tanh" or passed.min() > (4 if activation == "gelu" else -1e-6)
    found = functions[activation](passed) @ made["logits/kernel"] + made["logits/bias"]
    np.testing.assert_allclose(found, states @ given["logits/kernel"] + given["logits/bias"],
                               atol=1e-5)  # fmt: skip


def test_for_sentence_transformers(place, tmp_path):
    export(place / "bert.run", tmp_path / "sentences", "sentence-transformers")
    modules = json.loads((tmp_path / "sentences" / "modules.json").read_text())
    assert [one["path"] for one in modules] == ["", "1_Pooling"]
    convert(tmp_path / "sentences", tmp_path / "again")
    assert RunFolder.open(tmp_path / "again").architecture().pooling == "mean"


def test_the_card_is_one(place):
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard.load(place / "bert-tags" / "README.md")
    assert card.data.library_name == "transformers"
    assert card.data.pipeline_tag == "text-classification"
    assert "linear SVMs" in card.text and str(place) not in card.content
    card = hub.ModelCard.load(place / "bert.run" / "README.md")
    assert card.data.tags == ["kerasbert", "bert"]


def test_what_cannot_leave_is_refused_with_what_would_work(place, files, tmp_path, capsys):
    common = {"train": files / "train.txt", "valid": files / "valid.txt", "epochs": 1}
    finetune.run(finetune.Config(out=tmp_path / "cnn", d_model=8, max_length=24, **common))
    with pytest.raises(
        InputError, match=r"encoder text-cnn: no public class computes it.*--shape bert"
    ):
        export(tmp_path / "cnn", tmp_path / "out")
    mean = finetune.Config(
        pretrained=place / "bert.run", out=tmp_path / "mean", max_length=24, **common
    )
    finetune.run(mean)
    command = ["convert", f"{tmp_path}/mean", "--to", "huggingface", "--out", f"{tmp_path}/out"]
    assert cli.main(command) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "pools by mean; public ones read [CLS]. What can leave: a run with --pooling cls" in said
    assert "or the encoder, --to sentence-transformers" in said
    assert not (tmp_path / "out").exists()
    command[3] = "sentence-transformers"
    assert cli.main(command) == 0
    assert "left out: The head" in capsys.readouterr().err
