"""A run that was stopped ends as the one that was not."""

import csv
import json
import signal

import keras
import numpy as np
import pytest

from kerasbert import InputError
from kerasbert.recipes import finetune, pretrain
from kerasbert.training import Interrupted
from kerasbert.training.resume import SaveState


def weights(run):
    from kerasbert import load_model

    return [keras.ops.convert_to_numpy(weight) for weight in load_model(run).weights]


def rows(run):
    with (run / "history.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def stop_at(monkeypatch, *steps):
    """Deliver SIGTERM after these steps, as the system would."""
    original = SaveState.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        if self.step + 1 in steps and self.stop_signal is None:
            signal.raise_signal(signal.SIGTERM)
        original(self, batch, logs)

    monkeypatch.setattr(SaveState, "on_train_batch_end", on_train_batch_end)


def pretrain_config(files, out, **changes):
    return pretrain.Config(
        **{"store": files / "store", "out": out, "d_model": 16, "steps": 23, "resume": True}
        | {"batch_size": 8, "max_length": 16, "encoder": "transformer", "layers": 1}
        | changes
    )


def accumulating_config(files, out):
    """Gradients of 4 batches for an update: stopped at step 14, half of them are in the state."""
    return pretrain_config(files, out, accumulate=4)


def finetune_config(files, out, **changes):
    return finetune.Config(
        **{"train": files / "train.txt", "valid": files / "valid.txt", "out": out, "epochs": 3}
        | {"d_model": 16, "batch_size": 16, "max_length": 16, "tokenizer": "word", "resume": True}
        | {"average": 0.5}  # of 6 steps
        | changes
    )


def interrupt_pretraining(files, out, monkeypatch, step):
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        with pytest.raises(Interrupted):
            pretrain.run(pretrain_config(files, out))


def regression_config(files, out):
    """The same texts with a number: how long they are."""
    changes = {"head": "regression", "out": out}
    for part in ("train", "valid"):
        changes[part] = out.parent / f"{part}.txt"
        texts = [line.split(" __label__")[0] for line in (files / f"{part}.txt").open()]
        lines = [f"{text} __label__{len(text) / 7:.2f}\n" for text in texts]
        changes[part].write_text("".join(lines))
    return finetune_config(files, **changes)


def tagging_config(files, out):
    """The same texts with every word that begins with a vowel tagged, and a CRF."""
    changes = {"head": "tagging", "crf": True, "out": out}
    for part in ("train", "valid"):
        changes[part] = out.parent / f"{part}.conll"
        texts = [line.split(" __label__")[0] for line in (files / f"{part}.txt").open()]
        words = [[f"{w}\t{'B-x' if w[0] in 'aeiou' else 'O'}\n" for w in t.split()] for t in texts]
        changes[part].write_text("\n".join(map("".join, words)))
    return finetune_config(files, **changes)


def answering_config(files, out):
    """The same texts with a question: what is their second word?"""
    changes = {"head": "answering", "out": out}
    for part in ("train", "valid"):
        changes[part] = out.parent / f"{part}.jsonl"
        lines = []
        for text in (line.split(" __label__")[0] for line in (files / f"{part}.txt").open()):
            first, second = text.split()[:2]
            answer = {"text": second, "answer_start": text.index(second, len(first))}
            record = {"question": "the second ?", "context": text, "answers": [answer]}
            lines.append(json.dumps(record) + "\n")
        changes[part].write_text("".join(lines))
    return finetune_config(files, **changes)


# What is saved and read again is the same whatever is predicted: other heads in turn.
IN_TURN = [
    pytest.param(head, marks=pytest.mark.in_turn) for head in ("regression", "tagging", "answering")
]


@pytest.mark.parametrize("stage", ["pretrain", "finetune", *IN_TURN])
def test_stopped_in_the_middle_it_ends_with_the_same_bits(
    stage, files, store, tmp_path, monkeypatch
):
    recipe, config = {
        "pretrain": (pretrain, accumulating_config),
        "finetune": (finetune, finetune_config),
        "regression": (finetune, regression_config),
        "tagging": (finetune, tagging_config),
        "answering": (finetune, answering_config),
    }[stage]
    recipe.run(config(files, tmp_path / "whole"))
    with monkeypatch.context() as patch:
        # Pre-training within gradients half accumulated, too; fine-tuning where an epoch ends, too.
        stop_at(patch, 8 if stage == "pretrain" else 6, 14)
        for _ in range(2):
            with pytest.raises(Interrupted):
                recipe.run(config(files, tmp_path / "stopped"))
    recipe.run(config(files, tmp_path / "stopped"))
    pairs = zip(weights(tmp_path / "whole"), weights(tmp_path / "stopped"), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)
    assert rows(tmp_path / "whole") == rows(tmp_path / "stopped")


# The rest in turn: files that are kept, left out or refused, as any backend filled them.


@pytest.mark.slow
@pytest.mark.in_turn
def test_killed_without_warning_it_ends_with_the_same_bits(tmp_path):
    """Two of the many that `python -m benchmarks.soak.kills` does."""
    from benchmarks.soak.kills import kill_often

    found = kill_often(keras.backend.backend(), kills=2, steps=80, seed=1, folder=tmp_path)
    assert found["kills"] == 2 and found["same"] == found["runs"] >= 2


@pytest.mark.in_turn
def test_a_diverging_run_stops_and_keeps_its_last_good_state(files, store, tmp_path, monkeypatch):
    out = tmp_path / "run"
    interrupt_pretraining(files, out, monkeypatch, step=5)
    original = SaveState.on_train_batch_end

    def spoil(self, batch, logs=None):
        original(self, batch, logs)
        if self.step == 7:
            weight = self.model.trainable_weights[0]
            weight.assign(weight * np.nan)

    monkeypatch.setattr(SaveState, "on_train_batch_end", spoil)
    with pytest.raises(
        InputError, match=r"step 8: the loss is not a finite number.*step-0000000006"
    ):
        pretrain.run(pretrain_config(files, out))
    assert [path.name for path in sorted((out / "state").iterdir())] == [
        "step-0000000005.npz",
        "step-0000000006.npz",
    ]


@pytest.mark.in_turn
def test_a_state_that_is_not_finite_is_not_written(files, store, tmp_path, monkeypatch):
    def spoil(self, batch, logs=None):
        self.step += 1
        weight = self.model.trainable_weights[0]
        weight.assign(weight * np.nan)
        self.save()

    monkeypatch.setattr(SaveState, "on_train_batch_end", spoil)
    with pytest.raises(InputError, match=r"No state was saved yet\. Begin anew with a smaller"):
        pretrain.run(pretrain_config(files, tmp_path / "run"))
    assert not list((tmp_path / "run" / "state").glob("*"))


@pytest.mark.in_turn
def test_a_torn_state_falls_back_to_the_one_before(files, store, tmp_path, monkeypatch, capsys):
    out = tmp_path / "run"
    pretrain.run(pretrain_config(files, tmp_path / "whole"))
    interrupt_pretraining(files, out, monkeypatch, step=11)
    states = sorted((out / "state").glob("*.npz"))
    assert len(states) == 2
    states[-1].write_bytes(states[-1].read_bytes()[:1000])
    pretrain.run(pretrain_config(files, out))
    assert "cannot be read" in capsys.readouterr().err
    pairs = zip(weights(tmp_path / "whole"), weights(out), strict=True)
    assert all(np.array_equal(one, other) for one, other in pairs)


@pytest.mark.in_turn
def test_other_settings_are_refused_by_name(files, store, tmp_path, monkeypatch):
    out = tmp_path / "run"
    interrupt_pretraining(files, out, monkeypatch, step=5)
    with pytest.raises(InputError, match=r"--batch-size \(was 8, now 4\)"):
        pretrain.run(pretrain_config(files, out, batch_size=4))


@pytest.mark.in_turn
def test_a_store_of_unknown_settings_is_prepared_again(files, tmp_path, monkeypatch):
    """Killed between preparing and writing config.json, and begun again with other flags."""
    corpus = {"store": None, "corpus": (files / "raw.txt",), "steps": 3}
    with monkeypatch.context() as patch:
        patch.setattr("kerasbert.training.pretraining.TASKS", {})
        with pytest.raises(ValueError):
            pretrain.run(pretrain_config(files, tmp_path / "run", **corpus, tokenizer="char"))
    assert (tmp_path / "run" / "store").exists()
    pretrain.run(pretrain_config(files, tmp_path / "run", **corpus, tokenizer="word"))
    config = (tmp_path / "run" / "store" / "manifest.json").read_text()
    assert '"tokenizer": "word"' in config


@pytest.mark.in_turn
def test_a_finished_run_is_left_alone(files, store, tmp_path):
    out = tmp_path / "run"
    first = pretrain.run(pretrain_config(files, out, steps=3))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    assert pretrain.run(pretrain_config(files, out, steps=3)) == first
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_a_folder_that_is_not_empty_is_refused(files, store, tmp_path):
    (tmp_path / "something").write_text("x")
    for resume, message in ((False, "not empty"), (True, "no run is there")):
        with pytest.raises(InputError, match=message):
            pretrain.run(pretrain_config(files, tmp_path, resume=resume))


@pytest.mark.in_turn
def test_another_backends_state_is_refused(files, store, tmp_path, monkeypatch):
    out = tmp_path / "run"
    interrupt_pretraining(files, out, monkeypatch, step=5)
    real = keras.backend.backend()
    monkeypatch.setattr("kerasbert.training.resume.keras.backend.backend", lambda: "other")
    with pytest.raises(InputError, match=f"KERAS_BACKEND={real}, this is other"):
        pretrain.run(pretrain_config(files, out))
