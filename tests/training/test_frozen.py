"""--frozen: the encoder reads each text once, and the head learns from the vectors."""

import keras
import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.models.transfer import weights_of
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.training import frozen as module
from kerasbert.training import learner
from kerasbert.training.fine_tuning import fine_tune


@pytest.fixture
def settings(files, small_run, tmp_path):
    """Settings of a frozen run on the small files."""

    def make(out="run", **options) -> FineTuneSettings:
        parts = {name: files / f"{name}.txt" for name in ("train", "valid", "test")}
        given = {"pretrained": str(small_run.path), "epochs": 2, "rival": False, "frozen": True}
        return FineTuneSettings(out=tmp_path / out, max_length=16, **parts | given | options)

    return make


def test_only_the_head_learns_and_the_run_is_whole(settings, small_run, files):
    metrics = fine_tune(settings())
    run = RunFolder.open(settings().out)
    before, after = weights_of(small_run.load_model()), weights_of(run.load_model())
    kept = [path for path in before if path.split("/")[0] in ("embedding", "encoder")]
    assert kept
    for path in kept:
        assert np.array_equal(
            keras.ops.convert_to_numpy(before[path]), keras.ops.convert_to_numpy(after[path])
        ), path
    assert not (run.path / "state" / "vectors").exists()
    # The whole model says of the texts what the head said of their vectors.
    from kerasbert.recipes import evaluate

    config = evaluate.Config(model=run.path, data=files / "test.txt", out=run.path / "again")
    again = evaluate.run(config)["data"]
    assert again["loss"] == pytest.approx(metrics["test"]["loss"], abs=1e-5)
    assert again["f1"] == pytest.approx(metrics["test"]["f1"])


def test_figures_are_those_of_an_encoder_that_reads_every_time(settings, monkeypatch):
    """The whole model learns from the texts, but for what is before its head."""

    def held(model):
        for name in ("embedding", "encoder", "pooling"):
            model.get_layer(name).trainable = False
        return model

    once = fine_tune(settings("once"))
    monkeypatch.setattr(learner, "head_alone", held)
    monkeypatch.setattr(learner, "read_once", lambda settings, folder, model, data: data)
    always = fine_tune(settings("always"))
    for part in ("valid", "test"):
        assert once[part]["loss"] == pytest.approx(always[part]["loss"], rel=1e-4)
        found = [of["last_epoch"][part]["loss"] for of in (once, always)]
        assert found[0] == pytest.approx(found[1], rel=1e-4)


# In turn: which vectors are kept, read again, or refused, as any backend computed them.


@pytest.mark.in_turn
def test_vectors_are_kept_for_the_next_run_and_only_where_they_hold(settings, tmp_path, capsys):
    cache = tmp_path / "cache"
    first = fine_tune(settings("first", vectors_cache=cache))
    assert len(list(cache.glob("*.npy"))) == 3 and "the encoder read" in capsys.readouterr().err
    second = fine_tune(settings("second", vectors_cache=cache, seed=1, epochs=1))
    assert "the encoder read" not in capsys.readouterr().err
    assert second["test"] != first["test"]
    fine_tune(settings("third", vectors_cache=cache, pooling="max", epochs=1))
    assert len(list(cache.glob("*.npy"))) == 6


@pytest.mark.in_turn
def test_a_stopped_run_goes_on(settings, monkeypatch, tmp_path):
    whole = fine_tune(settings("whole"))
    answered = []

    def killed(*arguments):
        answered.append(arguments)
        if len(answered) == 3:
            raise KeyboardInterrupt
        return in_order(*arguments)

    in_order = module.in_order
    monkeypatch.setattr(module, "TEXTS", 32)
    monkeypatch.setattr(module, "in_order", killed)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(settings("killed"))
    metrics = fine_tune(settings("killed", resume=True))
    blocks = 3 + 2 + 1  # of 96, 40 and 30 texts
    assert len(answered) == blocks + 1  # the one that was killed was begun anew
    assert metrics["test"] == whole["test"]


class OfTokens(Head):
    """Reads the states of tokens."""

    name, figures, best, mode = "of-tokens", ("error",), "error", "min"

    def encode(self, documents):
        return np.zeros((len(documents), 1), np.float32)

    def output(self, pooled, sequence, inputs, dropout, seed):
        return keras.layers.Dense(1, name="error")(keras.ops.mean(sequence, axis=1))

    def loss(self, gold):
        return keras.losses.MeanSquaredError()


def test_a_head_that_reads_tokens_is_refused(settings):
    with pytest.raises(InputError, match="--frozen: the head, of-tokens"):
        fine_tune(settings(), head=OfTokens())
    assert not settings().out.exists()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"freeze_epochs": 1.0}, "--freeze-epochs: not beside --frozen"),
        ({"layer_decay": 0.9}, "--layer-decay: not beside --frozen"),
        ({"masked_lm": 1.0}, "--masked-lm: not beside --frozen"),
        ({"long": "windows", "window_pooling": "attention"}, "--window-pooling attention"),
        ({"from_scratch": True}, "--frozen: expected beside --pretrained"),
        ({"frozen": False, "vectors_cache": "there"}, "--vectors-cache: expected beside --frozen"),
    ],
)
def test_what_a_frozen_encoder_cannot_do_is_refused(settings, wrong, message):
    with pytest.raises(InputError, match=message):
        settings(**wrong)


@pytest.mark.in_turn
def test_windows_are_read_once_too(settings):
    assert fine_tune(settings(long="windows", windows=2, epochs=1))["epochs"] == 1


def test_a_cache_that_cannot_be_written_to_is_named(settings, write):
    with pytest.raises(InputError, match="--vectors-cache"):
        fine_tune(settings(vectors_cache=write("no folder", "cache")))
    assert not settings().out.exists()


@pytest.mark.in_turn
def test_texts_of_a_pair_are_read_once_each(settings, tmp_path):
    lines = [f'{{"text": ["a cat {n}", "an oak"], "labels": ["l{n % 2}"]}}' for n in range(20)]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines))
    (tmp_path / "valid.jsonl").write_text("\n".join(lines[:6]))
    files = {"train": tmp_path / "pairs.jsonl", "valid": tmp_path / "valid.jsonl", "test": None}
    assert fine_tune(settings(pair="apart", epochs=1, **files))["epochs"] == 1
