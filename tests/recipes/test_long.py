"""Long texts in overlapping windows: trained, saved, evaluated and predicted so."""

import json
import random

import pytest

import kerasbert
from kerasbert.batches import WindowedTexts, Windows
from kerasbert.errors import InputError
from kerasbert.inference.explain import explain
from kerasbert.recipes import evaluate, finetune


@pytest.fixture(scope="module")
def long_files(tmp_path_factory):
    """Texts whose one word that matters stands far behind the first window."""
    folder = tmp_path_factory.mktemp("long")
    rng = random.Random(0)
    common = ["the", "small", "old", "green", "one", "saw", "near", "of", "under", "it", "we"]
    for name, count in (("train", 200), ("valid", 60)):
        lines = []
        for _ in range(count):
            words = rng.choices(common, k=rng.randint(40, 60))
            label = rng.choice(["animal", "plant"])
            words[rng.randint(20, len(words) - 1)] = {"animal": "cat", "plant": "oak"}[label]
            lines.append(f"{' '.join(words)} __label__{label}\n")
        (folder / f"{name}.txt").write_text("".join(lines))
    return folder


def train(files, out, **more):
    parts = {name: files / f"{name}.txt" for name in ("train", "valid")}
    small = {"max_length": 16, "batch_size": 16, "d_model": 16, "tokenizer": "word"}
    options = {"epochs": 6, "learning_rate": 0.01} | small | more
    return finetune.run(finetune.Config(out=out, **parts, **options))


def test_windows_overlap_and_cover_the_text(store):
    ids = store.tokenizer.encode(["the cat saw the dog near a mouse and then it found we one"])[0]
    text = ["the cat saw the dog near a mouse and then it found we one"]
    texts = WindowedTexts([(text[0],), ("",)], store.tokenizer, 8, Windows(overlap=2, most=4))
    assert texts.lengths.tolist() == [24, 8] and texts.truncated == 0
    row = texts.rows([0], 24)["token_ids"].reshape(3, 8).tolist()
    assert [window[0] for window in row] == [2, 2, 2]
    assert row[0] == [2, *ids[:6], 3] and row[1] == [2, *ids[4:10], 3]
    assert row[2] == [2, *ids[8:14], 3]
    cut = WindowedTexts([(text[0],)], store.tokenizer, 8, Windows(overlap=2, most=2))
    assert cut.lengths.tolist() == [16] and cut.truncated == 1
    assert cut.padded_length([0]) == 16 and texts.padded_length([0, 1]) == 32


# The poolings of windows are compared on every backend in tests/layers/test_windows.py.
@pytest.mark.in_turn
@pytest.mark.parametrize("pooling", ["max", "mean", "attention"])
def test_windows_find_what_stands_behind_the_first(pooling, long_files, tmp_path):
    found = train(long_files, tmp_path / "run", long="windows", window_pooling=pooling)
    assert found["valid"]["f1"] > 0.95
    config = evaluate.Config(model=tmp_path / "run", data=long_files / "valid.txt")
    assert evaluate.run(config)["data"] == pytest.approx(found["valid"], abs=1e-5)
    predictor = kerasbert.load(tmp_path / "run")
    text = " ".join(["the small old"] * 12) + " oak saw"
    assert predictor([text, "cat"])[0]["labels"] == ["plant"]
    assert predictor.truncated == 0 and predictor.positions == 16 * 16
    (one,) = explain(predictor, [text])
    assert one.strongest("plant")[0]["word"] == "oak"
    saved = json.loads((tmp_path / "run" / "config.json").read_text())
    assert saved["windows"] == {"overlap": 4, "most": 16, "rows": False}


@pytest.mark.in_turn
def test_cut_texts_cannot_know(long_files, tmp_path):
    assert train(long_files, tmp_path / "run")["valid"]["f1"] < 0.8


@pytest.mark.in_turn
def test_the_transformer_trains_in_windows_too(long_files, tmp_path):
    more = {"encoder": "transformer", "layers": 1, "heads": 2, "learning_rate": 3e-3, "epochs": 12}
    found = train(long_files, tmp_path / "run", long="windows", **more)
    assert found["valid"]["f1"] > 0.9


def test_what_no_window_can_be_is_refused(files, tmp_path):
    for flags, message in (
        ({"overlap": 14}, "--overlap: expected 0 to 13"),
        ({"windows": 0}, "--windows: expected 1 or more"),
    ):
        with pytest.raises(InputError, match=message):
            train(files, tmp_path / "run", long="windows", **flags)
    with pytest.raises(InputError, match="--overlap: expected beside --long windows"):
        train(files, tmp_path / "run", overlap=2)
    (tmp_path / "train.txt").write_text("a\tb __label__x\nc\td __label__y\n" * 3)
    (tmp_path / "valid.txt").write_text("a\tb __label__x\nc\td __label__y\n")
    with pytest.raises(InputError, match="--long windows: expected single texts"):
        train(tmp_path, tmp_path / "run", long="windows")
