"""Runs leave for KerasHub: it loads them, and has the same states and tokens."""

import json

import keras
import numpy as np
import pytest
from keras_hub_models import TEXTS, answer, as_array, batch, ids_of, load

from kerasbert import cli, load_model
from kerasbert.batches.encoded import EncodedTexts
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.export import export
from kerasbert.models.transfer import weights_of
from kerasbert.recipes import finetune, pretrain
from kerasbert.runs import RunFolder
from kerasbert.without_tensorflow import import_keras_hub, tensorflow_hidden

pytestmark = [pytest.mark.in_turn, pytest.mark.slow]  # what is written is numpy's on all backends
IDS = ("token", "segment")
OWN = [("own", None)]  # of BERT's shape


def tokenizer_of(folder):
    with tensorflow_hidden():
        return import_keras_hub().tokenizers.Tokenizer.from_preset(str(folder))


def compare(run, preset):
    """The states and tokens of a run, and of the preset that it left as."""
    backbone, ours = load(preset), RunFolder.open(run).tokenizer()
    rows = batch(ours.vocabulary_size, ours.pad_id)
    if "segment_ids" not in backbone.input:
        rows["segment_ids"] = np.zeros_like(rows["segment_ids"])
    theirs = answer(backbone, rows)["sequence_output"]
    model = load_model(run)
    ids, segments = (
        keras.ops.convert_to_tensor(rows[f"{key}_ids"]) for key in ("token", "segment")
    )
    mask = rows["padding_mask"].astype(bool)
    hidden = model.get_layer("embedding")(ids, segments)
    found = as_array(model.get_layer("encoder")(hidden, keras.ops.convert_to_tensor(mask)))
    np.testing.assert_allclose(found[mask], theirs[mask], atol=1e-5)
    texts = [*TEXTS, "ÅNGSTRÖM, über-all"]
    found = [list(map(int, ids)) for ids in ours.encode(texts)]
    assert found == ids_of(tokenizer_of(preset), texts)
    return backbone


@pytest.mark.parametrize("name", ["bert", "distilbert", "electra", "roberta"])
def test_what_came_from_keras_hub_goes_back_as_it_was(name, keras_hub_models, tmp_path):
    convert(keras_hub_models[0] / name, tmp_path / "run")
    result = export(tmp_path / "run", tmp_path / "preset", "keras-hub")
    first, backbone = keras_hub_models[1][name][0], compare(tmp_path / "run", tmp_path / "preset")
    assert type(backbone) is type(first) and result["class"] == type(first).__name__
    for one, other in zip(first.weights, backbone.weights, strict=True):
        if name != "electra" or "pooled_dense" not in one.path:  # which is not read
            np.testing.assert_array_equal(as_array(one), as_array(other), one.path)


@pytest.mark.parametrize("name, said", [("bert", "second text of a pair"), ("roberta", None)])
def test_a_model_of_hugging_face_leaves_for_keras_hub(
    name, said, public_models, keras_hub_models, tmp_path
):
    """BERT with the exact GELU is a DistilBERT there: KerasHub's BERT has the other one."""
    convert(public_models / name, tmp_path / "run")
    result = export(tmp_path / "run", tmp_path / "preset", "keras-hub")
    backbone = compare(tmp_path / "run", tmp_path / "preset")
    expected = {"bert": "DistilBertBackbone", "roberta": "RobertaBackbone"}
    assert type(backbone).__name__ == expected[name]
    assert any(said in line for line in result["left_out"]) if said else True


@pytest.mark.parametrize("tokenizer", ["word", "wordpiece"])
def test_what_is_pre_trained_from_nothing_leaves(tokenizer, keras_hub_models, files, tmp_path):
    config = pretrain.Config(
        corpus=(str(files / "raw.txt"),), out=tmp_path / "run", steps=1, shape="bert", d_model=16,
        layers=1, heads=2, max_length=40, tokenizer=tokenizer, max_positions=48,
    )  # fmt: skip
    pretrain.run(config)
    result = export(tmp_path / "run", tmp_path / "preset", "keras-hub")
    compare(tmp_path / "run", tmp_path / "preset")
    assert any("All heads (document_words" in line for line in result["left_out"])
    convert(tmp_path / "preset", tmp_path / "again")
    first, again = (weights_of(load_model(tmp_path / name)) for name in ("run", "again"))
    table = as_array(first["embedding/token_table"])
    np.testing.assert_array_equal(table, as_array(again["embedding/token_table"]))


@pytest.mark.parametrize("shape, start", [("bert", "distilbert"), ("roberta", "roberta"), *OWN])
def test_a_classifier_that_was_trained_here_leaves_with_its_head(
    shape, start, public_models, keras_hub_models, files, tmp_path
):
    if start:
        convert(public_models / start, tmp_path / "start")
    config = finetune.Config(
        pretrained=tmp_path / "start" if start else None, train=files / "train.txt",
        valid=files / "valid.txt", out=tmp_path / "run", pooling="cls", epochs=1, max_length=24,
        **({} if start else {"encoder": "transformer", "norm": "post", "positions": "learned",
        "d_model": 16, "layers": 1, "heads": 2, "tokenizer": "word"}),
    )  # fmt: skip
    finetune.run(config)
    result = export(tmp_path / "run", tmp_path / "preset", "keras-hub")
    assert any(line.startswith("The linear SVMs") for line in result["left_out"])
    with tensorflow_hidden():
        theirs = import_keras_hub().models.TextClassifier.from_preset(str(tmp_path / "preset"))
    assert theirs.preprocessor.sequence_length == 24 and type(theirs).__name__ == result["class"]
    model = load_model(tmp_path / "run")
    alone = keras.Model(model.input, model.get_layer("logits").output)
    texts = [*TEXTS, "the small cat " * 20]
    tokenizer = RunFolder.open(tmp_path / "run").tokenizer()
    encoded = EncodedTexts([(text,) for text in texts], tokenizer, 24)
    ours = alone.predict_on_batch(encoded.rows(np.arange(len(texts)), 24))
    with tensorflow_hidden():
        rows = theirs.preprocessor(texts)
    rows = {key: keras.ops.convert_to_tensor(value) for key, value in rows.items()}
    np.testing.assert_allclose(as_array(theirs(rows)), as_array(ours), atol=1e-5)
    assert json.loads((tmp_path / "preset/kerasbert.json").read_text())["labels"] == [
        "animal",
        "plant",
    ]


def test_pairs_that_are_encoded_apart_leave_as_their_encoder(
    public_models, keras_hub_models, tmp_path
):
    """Each text was a row of its own, so no segment but the first was ever read."""
    convert(public_models / "bert", tmp_path / "start")
    rows = [f"the cat,{'the cat s' * (n % 4 + 1)},{n % 4}" for n in range(30)]
    (tmp_path / "pairs.csv").write_text("\n".join(["text_a,text_b,score", *rows]) + "\n")
    config = finetune.Config(
        pretrained=tmp_path / "start", train=tmp_path / "pairs.csv", valid_share=0.3,
        text_field=("text_a", "text_b"), label_field=("score",), head="regression", pair="apart",
        out=tmp_path / "run", epochs=1, max_length=20,
    )  # fmt: skip
    finetune.run(config)
    result = export(tmp_path / "run", tmp_path / "preset", "keras-hub")
    compare(tmp_path / "run", tmp_path / "preset")
    assert any("--pair apart compares the vectors" in line for line in result["left_out"])


def test_what_keras_hub_cannot_compute_is_refused(
    public_models, keras_hub_models, files, tmp_path, capsys
):
    def refused(run, said):
        out = tmp_path / "deep" / "preset"
        assert cli.main(["convert", str(run), "--to", "keras-hub", "--out", str(out)]) == 2
        assert said in " ".join(capsys.readouterr().err.split())
        assert not out.parent.exists()

    convert(public_models / "bert-masked-lm", tmp_path / "epsilon")  # its epsilon is 0.001
    refused(tmp_path / "epsilon", "the activation gelu_tanh with an epsilon of 0.001. Its classes")
    convert(public_models / "modernbert", tmp_path / "modern")
    refused(tmp_path / "modern", "KerasHub has no class for its encoder; --to huggingface")
    convert(keras_hub_models[0] / "xlm-roberta", tmp_path / "pieces")
    refused(tmp_path / "pieces", "is none that KerasHub has beside a RobertaBackbone")
    convert(keras_hub_models[0] / "deberta", tmp_path / "deberta")
    refused(tmp_path / "deberta", "it holds a DebertaV3Backbone of KerasHub as it is")
    common = {"corpus": (str(files / "raw.txt"),), "steps": 1, "d_model": 8}
    pretrain.run(pretrain.Config(out=tmp_path / "cnn", **common))
    refused(tmp_path / "cnn", "encoder text-cnn: no public class computes it")
