"""Presets of KerasHub come in: the same states, the same tokens, and then everything works."""

import json
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras_hub_models import TEXTS, answer, batch, ids_of

from kerasbert import cli, load_model, load_predictor
from kerasbert.checkpoints.convert import convert, open_source
from kerasbert.errors import InputError
from kerasbert.models.transfer import weights_of
from kerasbert.recipes import finetune, pretrain
from kerasbert.runs import RunFolder

pytestmark = pytest.mark.slow
NATIVE = {"bert": "bert", "distilbert": "distilbert", "electra": "electra"}
NATIVE |= {"roberta": "roberta", "xlm-roberta": "xlm-roberta"}
WRAPPED = {"deberta": "DebertaV3Backbone", "albert": "AlbertBackbone"}


@pytest.fixture(scope="module")
def runs(keras_hub_models, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    folder, _ = keras_hub_models
    return {name: (place / name, convert(folder / name, place / name)) for name in NATIVE | WRAPPED}


@pytest.mark.parametrize("name", NATIVE | WRAPPED)
def test_states_are_those_of_keras_hub(name, runs, keras_hub_models):
    backbone, _ = keras_hub_models[1][name]
    run, result = runs[name]
    tokenizer = RunFolder.open(run).tokenizer()
    rows = batch(tokenizer.vocabulary_size, tokenizer.pad_id)
    theirs = answer(backbone, rows)
    segments = rows["segment_ids"] * ("segment_ids" in backbone.input)
    model = load_model(run)
    ours = model.predict_on_batch({"token_ids": rows["token_ids"], "segment_ids": segments})
    mask = rows["padding_mask"].astype(bool)
    found = np.asarray(ours["sequence"])[mask]
    np.testing.assert_allclose(found, theirs["sequence_output"][mask], atol=1e-5)
    if name == "bert":
        np.testing.assert_allclose(ours["pooled"], theirs["pooled_output"], atol=1e-5)
    assert result["family"] == (NATIVE | WRAPPED)[name]
    assert result["encoder"] == ("keras-hub" if name in WRAPPED else "transformer")


@pytest.mark.parametrize("name", NATIVE | WRAPPED)
def test_tokens_are_those_of_keras_hub(name, runs, keras_hub_models):
    _, tokenizer = keras_hub_models[1][name]
    found = RunFolder.open(runs[name][0]).tokenizer().encode(TEXTS)
    assert [list(map(int, ids)) for ids in found] == ids_of(tokenizer, TEXTS)


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="it is the backend")
def test_tensorflow_stays_out(runs):
    """In a process of its own: other tests may have imported it in this one."""
    code = f"""
import sys
from kerasbert import load_model
load_model({str(runs["deberta"][0])!r})
assert "keras_hub" in sys.modules and "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_read_is_said(runs):
    assert runs["electra"][1]["not_read"]["weights"] == ["pooled_dense/bias", "pooled_dense/kernel"]
    paths = weights_of(load_model(runs["deberta"][0]))
    blocks = {f"encoder/disentangled_attention_encoder_layer_{number}" for number in (0, 1)}
    assert {path.split("/self")[0] for path in paths if "/self" in path} == blocks
    assert all(variable.path == path for path, variable in paths.items())  # rates go by them
    assert runs["bert"][1]["not_read"] == {} and runs["deberta"][1]["rows_without_a_token"] == 3


def test_a_backbone_in_memory(keras_hub_models, runs, tmp_path):
    backbone, tokenizer = keras_hub_models[1]["bert"]
    run = open_source(backbone, tokenizer)
    assert run.config()["settings"]["source"] == backbone.name
    first, second = weights_of(load_model(run.path)), weights_of(load_model(runs["bert"][0]))
    assert all(np.array_equal(first[path], second[path]) for path in first | second)
    with pytest.raises(InputError, match="Backbone of KerasHub with its tokenizer"):
        convert(backbone, tmp_path / "out")


# Their states are compared on every backend above; there BERT, which is ours then, learns in
# test_whole_way.py, and a layer that is not ours in tests/recipes/test_own_encoder.py.
@pytest.mark.in_turn
@pytest.mark.parametrize("name", ["bert", *WRAPPED])
def test_pre_training_and_fine_tuning_go_on(name, keras_hub_models, files, tmp_path):
    source = keras_hub_models[0] / name
    common = {"max_length": 16, "batch_size": 8}
    lm = pretrain.Config(
        pretrained=str(source), corpus=(str(files / "raw.txt"),), out=tmp_path / "lm", steps=2,
        tasks=("document-words", "masked-lm"), **common,
    )  # fmt: skip
    result = pretrain.run(lm)
    assert np.isfinite(result["val_loss_masked_lm"])
    config = finetune.Config(
        pretrained=str(tmp_path / "lm"), train=files / "train.txt", valid=files / "valid.txt",
        out=tmp_path / "tags", epochs=1, layer_decay=0.9, **common,
    )  # fmt: skip
    finetune.run(config)
    assert len(list(load_predictor(tmp_path / "tags")(["the cat", "a plant"]))) == 2
    # Every command reads the run without the preset.
    assert cli.main(["embed", "--model", str(tmp_path / "lm"), str(files / "raw.txt"),
                     "--out", str(tmp_path / "vectors.npy")]) == 0  # fmt: skip


def test_rows_of_several_documents_are_refused(keras_hub_models, files, tmp_path):
    config = pretrain.Config(
        pretrained=str(keras_hub_models[0] / "deberta"), corpus=(str(files / "raw.txt"),),
        out=tmp_path / "lm", steps=1, tasks=("masked-lm",), pack=True, max_length=24,
    )  # fmt: skip
    with pytest.raises(InputError, match="--pack: the encoder keras-hub cannot keep"):
        pretrain.run(config)
    assert not (tmp_path / "lm").exists()


def spoiled(source, folder, change):
    shutil.copytree(source, folder)
    change(folder)
    return folder


def _short(folder):
    path = folder / "model.weights.h5"
    path.write_bytes(path.read_bytes()[:5000])


def _edit(name, *keys, value):
    def change(folder):
        values = json.loads((folder / name).read_text())
        inner = values
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        (folder / name).write_text(json.dumps(values))

    return change


BAD = {
    "a truncated file": ("bert", _short, "KerasHub cannot load the preset"),
    "no weights": (
        "bert",
        lambda folder: (folder / "model.weights.h5").unlink(),
        r"there is no model\.weights\.h5",
    ),
    "no tokenizer": (
        "bert",
        lambda folder: (folder / "tokenizer.json").unlink(),
        r"no tokenizer\.json.*tokenizer\.save_to_preset",
    ),
    "no vocabulary": (
        "bert",
        lambda folder: shutil.rmtree(folder / "assets"),
        r"expected vocabulary\.txt, .* a BertTokenizer",
    ),
    "a damaged vocabulary": (
        "deberta",
        lambda folder: (folder / "assets/tokenizer/vocabulary.spm").write_bytes(b"\x0a\xff"),
        r"vocabulary\.spm: cannot be read as a SentencePiece model",
    ),
    "an unknown class": (
        "bert",
        _edit("config.json", "class_name", value="NoBackbone"),
        r"bert_backbone\.NoBackbone is unknown to KerasHub",
    ),
    "code of its own": (
        "bert",
        _edit("config.json", "module", value="os.path"),
        r"os\.path\.BertBackbone is unknown to KerasHub",
    ),
    "other sizes": (
        "bert",
        _edit("config.json", "config", "hidden_dim", value=16),
        "KerasHub cannot load the preset",
    ),
    "another vocabulary": (
        "bert",
        lambda folder: (folder / "assets/tokenizer/vocabulary.txt").write_text(
            "\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(90))])
        ),
        r"the tokenizer has 95 tokens, the model \d+ rows",
    ),
    "words that are not split": (
        "bert",
        _edit("tokenizer.json", "config", "split", value=False),
        r"split False is not read, expected True",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_named_and_leaves_nothing(name, keras_hub_models, tmp_path, capsys):
    model, change, said = BAD[name]
    folder = spoiled(keras_hub_models[0] / model, tmp_path / "preset", change)
    assert cli.main(["convert", str(folder), "--out", str(tmp_path / "deep" / "run")]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert re.search(said, error) and str(folder) in error
    assert not (tmp_path / "deep").exists()


def test_a_backbone_of_pictures_or_without_padding_is_refused(keras_hub_models, tmp_path):
    import keras_hub

    backbone = keras_hub.models.FNetBackbone(
        vocabulary_size=69, num_layers=1, hidden_dim=8, intermediate_dim=16, max_sequence_length=8
    )
    with pytest.raises(InputError, match=r"takes token_ids and padding_mask.*FNetBackbone"):
        convert(backbone, tmp_path / "out", tokenizer=keras_hub_models[1]["bert"][1])
