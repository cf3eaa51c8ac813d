"""A public model goes on with the words of a field, or with a smaller vocabulary, and leaves."""

import json

import keras
import numpy as np
import pytest
import tokenizers

from kerasbert import TokenStore, prepare_store
from kerasbert.checkpoints.convert import convert
from kerasbert.checkpoints.export import export
from kerasbert.errors import InputError
from kerasbert.models.transfer import weights_of
from kerasbert.recipes import prepare, pretrain
from kerasbert.runs import RunFolder
from kerasbert.tokenizer.vocabulary_change import origins
from kerasbert.training import pretraining

SHORT = {"max_length": 16, "batch_size": 16, "steps": 1, "tasks": ("masked-lm",)}


@pytest.fixture(scope="module")
def runs(public_models, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")

    def run(name):
        if not (place / name).exists():
            convert(public_models / name, place / name)
        return RunFolder.open(place / name)

    return run


def arrays(model):
    return {path: np.array(keras.ops.convert_to_numpy(w)) for path, w in weights_of(model).items()}


@pytest.mark.parametrize(
    "name, change",
    [
        ("bert-both-heads", {"extend_vocabulary": 8}),
        *(
            pytest.param(name, change, marks=pytest.mark.in_turn)
            for name, change in [
                ("bert-masked-lm", {"vocabulary_from": True, "vocab_size": 60}),
                ("roberta", {"extend_vocabulary": 4}),
                ("distilbert", {"extend_vocabulary": 4}),
                ("electra-generator", {"extend_vocabulary": 4}),
                ("modernbert", {"extend_vocabulary": 4}),
            ]
        ),
    ],
)
def test_tokens_begin_as_the_mean_of_their_pieces(name, change, runs, files, tmp_path, monkeypatch):
    corpus = (str(files / "raw.txt"),)
    if "vocabulary_from" in change:
        change = change | {"vocabulary_from": corpus}
    source, begun = runs(name), {}
    fit = pretraining.fit
    monkeypatch.setattr(
        pretraining, "fit", lambda model, *rest: begun.update(arrays(model)) or fit(model, *rest)
    )
    out = tmp_path / "lm"
    config = pretrain.Config(pretrained=str(source.path), corpus=corpus, out=out, **SHORT, **change)
    metrics = pretrain.run(config)
    run = RunFolder.open(out)
    old, new = source.tokenizer(), run.tokenizer()
    assert run.architecture().vocabulary_size == new.vocabulary_size != old.vocabulary_size
    before, comes = arrays(source.load_model()), origins(old, new)
    for path in ("embedding/token_table", "masked_lm/bias"):
        expected = [before[path][ids].mean(axis=0) for ids in comes]
        np.testing.assert_allclose(begun[path], expected, atol=1e-7)
    same = [path for path in before if path in begun and len(before[path]) == len(begun[path])]
    assert len(same) > 10
    for path in same:
        if path != "embedding/position_table":
            np.testing.assert_array_equal(begun[path], before[path], err_msg=path)
    # What it cost is measured, and said.
    said = metrics["vocabulary"]
    assert said["tokens_per_document_after"] != said["tokens_per_document_before"]
    assert 0 < said["cosine"] <= 1 and np.isfinite(said["figures"]["val_loss_masked_lm"])
    for page in ("report.html", "README.md"):
        assert "tokens added" in (out / page).read_text(encoding="utf-8")

    # It leaves with its new tokens, and comes in again with the same weights.
    public = tmp_path / "public"
    export(out, public)
    assert json.loads((public / "config.json").read_text())["vocab_size"] == new.vocabulary_size
    theirs = tokenizers.Tokenizer.from_file(str(public / "tokenizer.json"))
    lines = (files / "raw.txt").read_text(encoding="utf-8").splitlines()[:20]
    for line, ids in zip(lines, new.encode(lines), strict=True):
        assert theirs.encode(line, add_special_tokens=False).ids == ids.tolist()
    convert(public, tmp_path / "again")
    again = RunFolder.open(tmp_path / "again")
    left, came = arrays(run.load_model()), arrays(again.load_model())
    assert set(came) <= {*left, *(path for path in came if path.startswith("pooling"))}
    # What knows no segments has their row in its positions.
    moved = {"embedding/position_table", "embedding/segment_table"} if name == "distilbert" else ()
    for path in set(left) & set(came) - set(moved):
        np.testing.assert_array_equal(left[path], came[path], err_msg=path)
    assert [i.tolist() for i in again.tokenizer().encode(lines)] == [
        i.tolist() for i in new.encode(lines)
    ]


@pytest.mark.in_turn
def test_a_store_can_be_prepared_so_and_says_whose_words_it_has(runs, files, tmp_path):
    source = runs("bert")
    given = {"tokenizer_file": source.file("tokenizer.json"), "extend_vocabulary": 8}
    store = tmp_path / "store"
    prepare.run(prepare.Config(corpus=(str(files / "raw.txt"),), out=store, **given))
    assert TokenStore.open(store).manifest["vocabulary"]["tokens_added"] == 8
    config = pretrain.Config(pretrained=str(source.path), store=store, out=tmp_path / "lm", **SHORT)
    pretrain.run(config)
    vocabulary = RunFolder.open(tmp_path / "lm").config()["vocabulary"]
    assert vocabulary["from"] == source.tokenizer().fingerprint()
    other = runs("electra")
    assert other.tokenizer().fingerprint() == source.tokenizer().fingerprint()
    with pytest.raises(InputError, match="another tokenizer"):
        config = pretrain.Config(
            pretrained=str(runs("roberta").path), store=store, out=tmp_path / "no", **SHORT
        )
        pretrain.run(config)
    assert not (tmp_path / "no").exists()


def test_killed_behind_the_vocabulary_the_store_is_the_same(runs, files, tmp_path, monkeypatch):
    from kerasbert.corpus.prepare import prepare_store as module

    tokenizer = runs("bert").tokenizer()
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    arguments = {"tokenizer": tokenizer, "extend_vocabulary": 5}
    prepare_store([files / "raw.txt"], whole, **arguments)
    encode = module._encode

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "_encode", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare_store([files / "raw.txt"], killed, **arguments)
    monkeypatch.setattr(module, "_encode", encode)
    with pytest.raises(InputError, match="--extend-vocabulary changed"):
        prepare_store([files / "raw.txt"], killed, tokenizer=tokenizer, extend_vocabulary=6)
    prepare_store([files / "raw.txt"], killed, **arguments)
    for name in ("manifest.json", "tokenizer.json", "tokens-00000.h5"):
        assert (whole / name).read_bytes() == (killed / name).read_bytes()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"corpus": ("raw.txt",)}, "--extend-vocabulary: expected beside --pretrained"),
        ({"corpus": ("raw.txt",), "pretrained": "a", "vocabulary_from": ("b",)}, "expected one of"),
        ({"store": "store", "pretrained": "a"}, "--extend-vocabulary: a store brings"),
        ({"corpus": ("raw.txt",), "pretrained": "a", "vocab_size": 90}, "--vocab-size: not beside"),
    ],
)
def test_what_has_no_tokenizer_to_change_is_refused(wrong, message, tmp_path):
    with pytest.raises(InputError, match=message):
        pretrain.Config(out=tmp_path / "lm", extend_vocabulary=5, **wrong)


def test_a_trained_tokenizer_has_its_words_anyway(tmp_path):
    with pytest.raises(InputError, match="expected beside --tokenizer-file"):
        prepare.Config(corpus=("raw.txt",), out=tmp_path / "store", vocabulary_from=("raw.txt",))


@pytest.mark.in_turn
def test_a_backbone_of_keras_hub_keeps_its_vocabulary(tmp_path):
    from kerasbert.config import KerasHubConfig
    from kerasbert.training.changed_vocabulary import check_any_vocabulary

    config = KerasHubConfig(vocabulary_size=9, backbone={"config": {}}, parameters=1)
    with pytest.raises(InputError, match="--pretrained: the backbone"):
        check_any_vocabulary(config, "--pretrained")
