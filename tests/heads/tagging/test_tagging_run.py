"""A run of tagging from files to answers, by every command."""

import json
import random

import numpy as np
import pytest

import kerasbert as kb
from kerasbert.batches.labeled import LabeledBatches
from kerasbert.errors import InputError
from kerasbert.heads.tagging.head import Tagging
from kerasbert.inference.explain import explain
from kerasbert.settings import FineTuneSettings
from kerasbert.text.tag_schemes import spans_of
from kerasbert.text.tagged import read_tagged
from kerasbert.text.words import SplitText
from kerasbert.training.evaluating import evaluate
from kerasbert.training.fine_tuning import fine_tune

pytestmark = pytest.mark.backend

PARTS = [
    [("Anna", "B-person")],
    [("Bob", "B-person"), ("Smith", "I-person")],
    [("Oslo", "B-place")],
    [("New", "B-place"), ("York", "I-place")],
]
FILLERS = ["went to", "met", "lives in", "saw the old oak in"]


def sentence(draw):
    words = []
    for _ in range(draw.randrange(1, 4)):
        words += draw.choice(PARTS)
        words += [(word, "O") for word in draw.choice(FILLERS).split()]
    return words


def write(path, count, seed):
    draw = random.Random(seed)
    sentences = [sentence(draw) for _ in range(count)]
    path.write_text("\n".join("".join(f"{w}\t{t}\n" for w, t in one) for one in sentences))
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["softmax", "crf"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagging")
    files = {name: write(folder / f"{name}.conll", n, n) for name, n in
             {"train": 64, "valid": 24, "test": 25}.items()}  # fmt: skip
    settings = FineTuneSettings(
        **files, out=folder / "run", epochs=8, d_model=16, learning_rate=0.02, tokenizer="word",
        max_length=12, crf=request.param, rival=False,
    )  # fmt: skip
    return folder, fine_tune(settings), request.param


def test_it_learns_and_is_judged_by_entities(run):
    folder, metrics, crf = run
    assert metrics["head"] == "tagging" and metrics["valid"]["documents"] == 24
    assert metrics["test"]["entity_f1"] > 0.9 and set(metrics["test"]["by_type"]) == {
        "person", "place"
    }  # fmt: skip
    history = (folder / "run" / "history.csv").read_text().splitlines()
    assert history[0] == (
        "epoch,loss,val_loss,val_entity_f1,val_precision,val_recall,val_macro_f1,"
        "val_token_accuracy,seconds"
    )
    best = max(float(line.split(",")[3]) for line in history[1:])
    assert metrics["valid"]["entity_f1"] == pytest.approx(best, abs=1e-5)
    about = json.loads((folder / "run" / "config.json").read_text())
    assert about["types"] == ["person", "place"] and about["crf"] is crf
    assert about["windows"] == {"overlap": 3, "most": 0, "rows": True}
    assert "token-classification" in (folder / "run" / "README.md").read_text()
    assert "<mark>" in (folder / "run" / "report.html").read_text() or best == 1


def test_evaluate_gives_the_same_figures(run):
    folder, metrics, _ = run
    page = folder / "test.html"
    found = evaluate(folder / "run", folder / "test.conll", report=page)
    for name in Tagging.figures:
        assert found["data"][name] == pytest.approx(metrics["test"][name])
    assert found["data"]["loss"] == pytest.approx(metrics["test"]["loss"], rel=1e-5)
    assert "Types, on evaluated data" in page.read_text()


def test_answers_are_spans_of_the_text_as_it_was_given(run):
    folder, _, _ = run
    ask = kb.load_predictor(folder / "run")
    text = "Anna  met\tBob Smith met  Bob Smith\u200b lives in New\u00a0York met Anna"
    (answer,) = ask([text])
    assert [(span["text"], span["type"]) for span in answer["spans"]] == [
        ("Anna", "person"), ("Bob Smith", "person"), ("Bob Smith", "person"),
        ("New\u00a0York", "place"), ("Anna", "person"),
    ]  # fmt: skip
    for span in answer["spans"]:
        assert text[span["start"] : span["end"]] == span["text"]
        assert 0 < span["probability"] <= 1
    words = ["Bob", "Smith", "met", "Anna"]
    (answer,) = ask([SplitText.of_words(words)])
    assert [span["words"] for span in answer["spans"]] == [[0, 2], [3, 4]]
    assert ask([""]) == [{"spans": []}]


def test_neither_batches_nor_order_change_an_answer(run):
    folder, _, _ = run
    ask = kb.load_predictor(folder / "run")
    texts = [" ".join(word for word, _ in sentence(random.Random(n))) for n in range(30)]
    texts[3] = " ".join(texts[:9])  # several windows
    together = ask(texts)
    assert together[::-1] == ask(texts[::-1])
    for text, answer in zip(texts[:6], together, strict=False):
        assert ask([text]) == [answer]
    (long,) = ask([texts[3]])
    assert len(long["spans"]) > 9  # from all of its windows


def test_words_that_no_token_begins_in_keep_their_place(run):
    folder, _, _ = run
    ask = kb.load_predictor(folder / "run")
    (answer,) = ask([SplitText.of_words(["Bob", "\x07", "Smith", "met", "\x00", "Anna"])])
    assert [span["words"] for span in answer["spans"]] == [[0, 3], [5, 6]]


def test_long_documents_are_learned_from_in_windows(run):
    folder, _, _ = run
    ask = kb.load_predictor(folder / "run")
    documents = read_tagged(folder / "train.conll")
    batches = LabeledBatches(documents, ask.tokenizer, ask.head, max_length=8, windows=None)
    assert len(batches.texts) > len(documents)
    held = {}
    for row, target in zip(batches.texts.places.rows, batches._row_targets, strict=True):
        if target is None:
            continue
        for token in range(row.first, row.first + row.count):
            tag = target[row.at + token - row.first]
            assert held.setdefault((row.document, token), tag) == tag
    found = [held[key] for key in sorted(held)]
    assert [ask.head.tags[tag] for tag in found] == [t for d in documents for t in d.labels]


def test_a_type_that_training_never_saw_counts_as_missed(run):
    folder, _, _ = run
    file = folder / "other.conll"
    file.write_text("Anna\tB-person\nmet\tO\nOpel\tB-brand\n")
    found = evaluate(folder / "run", file)
    assert found["unseen_labels"] == {"brand": 1}
    assert found["data"]["recall"] == 0.5 and found["data"]["by_type"]["brand"]["found"] == 0


def test_words_cannot_be_explained(run):
    folder, _, _ = run
    with pytest.raises(InputError, match="--explain"):
        explain(kb.load_predictor(folder / "run"), ["Anna met Bob"])


@pytest.mark.in_turn
def test_a_share_set_aside_is_read_again(run):
    folder, _, crf = run
    if crf:
        pytest.skip("once is enough")
    settings = FineTuneSettings(
        train=folder / "train.conll", valid_share=0.2, out=folder / "share", epochs=1, d_model=8,
        tokenizer="word", max_length=12, rival=False,
    )  # fmt: skip
    metrics = fine_tune(settings)
    kept = read_tagged(folder / "share" / "valid.jsonl")
    assert len(kept) == metrics["valid"]["documents"]
    whole = {(d.texts, d.labels) for d in read_tagged(folder / "train.conll")}
    assert {(d.texts, d.labels) for d in kept} <= whole


def test_legal_answers_of_an_untrained_model():
    import keras

    from kerasbert.tokenizer.training import train_tokenizer

    tokenizer = train_tokenizer(["a b c d e f g h"] * 2, style="word")
    head = Tagging(("x", "y"))
    inputs = {n: keras.Input((None,), dtype="int32", name=n) for n in ("token_ids", "segment_ids")}
    table = keras.layers.Embedding(tokenizer.vocabulary_size, 5, embeddings_initializer="normal")
    model = keras.Model(inputs, table(inputs["token_ids"]))
    table.set_weights([np.random.default_rng(0).normal(size=(tokenizer.vocabulary_size, 5)) * 9])
    ask = kb.Predictor.of(model, tokenizer, head, max_length=6)
    outputs = ask.outputs([("h g f e d c b a",), ("a b c",)])
    for one in head.tagged(outputs):
        spans_of(one.tags)  # raises where a tag is illegal
