"""Checkpoints of Google's BERT, written by TensorFlow: the same run as from Hugging Face's form."""

import importlib.util
import json
import subprocess
import sys

import keras
import numpy as np
import pytest
from public_models import VOCABULARY
from safetensors.numpy import load_file

from kerasbert import cli, load_model
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.google import is_cased
from kerasbert.errors import InputError
from kerasbert.models.transfer import weights_of
from kerasbert.runs import RunFolder

pytestmark = [pytest.mark.in_turn, pytest.mark.slow]

# Google's names by those of Hugging Face; TensorFlow's kernels are (in, out).
WRITE = """
import re, sys, numpy, tensorflow as tf
arrays = dict(numpy.load(sys.argv[1]))
def name_of(public):
    name = re.sub(r"encoder/layer/(\\d+)/", r"encoder/layer_\\1/", public.replace(".", "/"))
    if "LayerNorm" in name:
        return re.sub("weight$", "gamma", re.sub("bias$", "beta", name))
    if "_embeddings/" in name:
        return name.removesuffix("/weight")
    if name == "cls/predictions/bias":
        return "cls/predictions/output_bias"
    return re.sub("weight$", "kernel", name)
names = {name_of(public): array for public, array in arrays.items()}
found = {name: array.T if name.endswith("kernel") else array for name, array in names.items()}
found["cls/seq_relationship/output_weights"] = numpy.zeros((2, 24), "float32")
found["bert/pooler/dense/kernel/adam_m"] = numpy.zeros((24, 24), "float32")
graph = tf.Graph()
with graph.as_default():
    for name, array in found.items():
        tf.compat.v1.get_variable(name, initializer=array)
    step = tf.compat.v1.train.get_or_create_global_step()
    with tf.compat.v1.Session() as session:
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, sys.argv[2], write_meta_graph=False)
"""


@pytest.fixture(scope="module")
def google(public_models, tmp_path_factory):
    """The model bert-both-heads, with its pooler, as Google would have it."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs TensorFlow")
    folder = tmp_path_factory.mktemp("google")
    public = public_models / "bert-both-heads"
    tensors = load_file(public / "model.safetensors")
    kept = {
        name: array
        for name, array in tensors.items()
        if "decoder" not in name and "position_ids" not in name and "seq_rel" not in name
    }
    np.savez(folder / "arrays.npz", **kept)
    command = [sys.executable, "-c", WRITE, folder / "arrays.npz", folder / "bert_model.ckpt"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (folder / "arrays.npz").unlink()
    settings = json.loads((public / "config.json").read_text())
    names = ("hidden_size", "hidden_act", "initializer_range", "vocab_size", "hidden_dropout_prob")
    names += ("num_attention_heads", "type_vocab_size", "max_position_embeddings")
    names += ("num_hidden_layers", "intermediate_size", "attention_probs_dropout_prob")
    values = {name: settings[name] for name in names}
    (folder / "bert_config.json").write_text(json.dumps(values))
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def converted(google, tmp_path_factory):
    had, run = "tensorflow" in sys.modules, tmp_path_factory.mktemp("converted") / "run"
    result = convert(google, run)
    assert ("tensorflow" in sys.modules) == had or keras.backend.backend() == "tensorflow"
    return run, result


def test_it_is_the_same_model_as_in_the_form_of_hugging_face(
    google, converted, public_models, tmp_path
):
    run, result = converted
    convert(public_models / "bert-both-heads", tmp_path / "public")
    runs = [RunFolder.open(path) for path in (run, tmp_path / "public")]
    first, second = (weights_of(load_model(run.path)) for run in runs)
    assert set(first) == set(second) and "masked_lm/bias" in first
    for path in first:
        np.testing.assert_array_equal(np.asarray(first[path]), np.asarray(second[path]), path)
    texts = ["The café, un-able cats", "日本."]
    tokens = [[list(map(int, ids)) for ids in run.tokenizer().encode(texts)] for run in runs]
    assert tokens[0] == tokens[1]
    assert result["not_read"]["weights"] == ["cls.seq_relationship.weight"]
    assert str(google) == runs[0].config()["settings"]["source"]


def test_states_are_those_of_transformers(converted, public_models):
    rows = np.load(public_models / "bert-both-heads.npz")
    model = load_model(converted[0])
    given = {"token_ids": rows["ids"], "segment_ids": rows["segments"]}
    given["masked_positions"] = np.zeros((len(rows["ids"]), 1))
    found = model.predict_on_batch({name: array.astype("int32") for name, array in given.items()})
    mask = rows["mask"]
    np.testing.assert_allclose(np.asarray(found["sequence"])[mask], rows["hidden"][mask], atol=1e-5)


def test_capitals_are_told_by_the_vocabulary():
    assert is_cased("[PAD]\n[UNK]\nthe\n##The\n") and not is_cased("[PAD]\n[MASK]\nthe\nÉ\n")


@pytest.mark.parametrize(
    "gone, said",
    [
        ("bert_model.ckpt.index", "expected one checkpoint, such as bert_model.ckpt.index, found"),
        ("bert_model.ckpt.data-00000-of-00001", "data-00000-of-00001: no such file"),
        ("vocab.txt", "vocab.txt: cannot be read"),
    ],
)
def test_a_missing_file_is_named(gone, said, google, tmp_path, capsys):
    folder = tmp_path / "google"
    folder.mkdir()
    for path in google.iterdir():
        if path.name != gone:
            (folder / path.name).write_bytes(path.read_bytes())
    assert cli.main(["convert", str(folder), "--out", str(tmp_path / "deep" / "run")]) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert said in error and str(folder) in error
    assert not (tmp_path / "deep").exists()


def test_a_damaged_checkpoint_and_no_tensorflow(google, tmp_path, monkeypatch):
    folder = tmp_path / "google"
    folder.mkdir()
    for path in google.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    data = folder / "bert_model.ckpt.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:100])
    with pytest.raises(InputError, match="TensorFlow cannot read the checkpoint"):
        convert(folder, tmp_path / "run")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"not installed.*pip install tensorflow"):
        convert(google, tmp_path / "run")
    assert not (tmp_path / "run").exists()
