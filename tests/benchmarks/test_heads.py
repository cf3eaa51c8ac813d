"""The tables of heads are measured: the figures mean nothing at these sizes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import kerasbert as kb
from kerasbert.heads.answering.head import Answering
from kerasbert.heads.tagging.head import Tagging
from kerasbert.text import LineProblems

ROOT = Path(__file__).parents[2]
PAIRS = [("a red apple", "a red apple", 5), ("a green hat", "one old cat", 0),
         ("an old hat", "an old cat", 2.5), ("a red cat", "a cat", 4)]  # fmt: skip
CONTEXT = "The cat came in 1066. The dog went to York."


@pytest.fixture
def heads(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks.quality import heads

    return heads


@pytest.fixture(scope="module")
def public_model(tmp_path_factory):
    """A BERT with random weights, a token for each letter."""
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = tmp_path_factory.mktemp("public")
    letters = [chr(code) for code in (*range(ord("a"), ord("z") + 1), *range(ord("0"), ord("9")))]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "the", "cat", "york"]
    words += [*letters, *(f"##{letter}" for letter in letters)]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(vocab_size=len(words), intermediate_size=16, **sizes)
    transformers.BertModel(config).save_pretrained(folder)
    return folder


def peer(public_model, head, documents, max_length):
    from benchmarks.quality.transformers_heads import Peer

    return Peer(public_model, head, documents, max_length, 2, 1e-3, 2, 0)


def right_logits(rows):
    """What a perfect model would answer at both ends."""
    for row in rows:
        logits = np.zeros((2, len(row["input_ids"])))
        logits[0, row["start_positions"]] = logits[1, row["end_positions"]] = 1
        yield logits


def test_answers_of_transformers_are_cut_out_of_windows(heads, public_model, tmp_path):
    squad = [{"context": CONTEXT, "qas": [
        {"id": str(n), "question": "when or where", "answers": [
            {"text": text, "answer_start": CONTEXT.index(text)}]}
        for n, text in enumerate(("1066", "York", "The cat"))
    ]}]  # fmt: skip
    path = tmp_path / "train.json"
    path.write_text(json.dumps({"version": "1.1", "data": [{"title": "", "paragraphs": squad}]}))
    documents = Answering.read_file(path, LineProblems())
    head = Answering.from_documents(documents, answer_length=12)
    made = peer(public_model, head, {"train": documents, "valid": documents}, 32)
    rows = made.rows["valid"]
    assert len(rows) > len(documents)
    found = made.kind.score(documents, rows, list(right_logits(rows)))
    assert found == {"exact_match": 1, "f1": 1, "documents": 3}
    outputs = made.answer(rows)
    assert [one.shape for one in outputs] == [(2, made_length(rows))] * len(rows)
    assert 0 <= made.fine_tune()["valid"]["f1"] <= 1


def made_length(rows):
    return max(len(row["input_ids"]) for row in rows)


def test_tags_of_transformers_are_those_of_first_pieces(heads, public_model, tmp_path):
    path = tmp_path / "train.conll"
    path.write_text("The\tO\ncat\tB-animal\nat\tO\nYork\tB-place\nMinster\tI-place\n\n" * 3)
    documents = Tagging.read_file(path, LineProblems())
    made = peer(public_model, SimpleNamespace(name="tagging"), {
        "train": documents, "valid": documents}, 32)  # fmt: skip
    rows = made.rows["valid"]
    assert sum(tag != -100 for tag in rows[0]["labels"]) == 5
    assert made.kind.tags == ["B-animal", "B-place", "I-place", "O"]
    perfect = [np.eye(4)[np.maximum(row["labels"], 0)] for row in rows]
    assert made.kind.score(documents, rows, perfect)["entity_f1"] == 1
    cut = peer(public_model, SimpleNamespace(name="tagging"), {
        "train": documents, "valid": documents}, 6)  # fmt: skip
    found = cut.kind.score(documents, cut.rows["valid"], [one[:6] for one in perfect])
    assert 0 < found["recall"] < 1


def start(program, *arguments):
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{program}", *map(str, arguments)], cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture
def stsb(tmp_path):
    folder = tmp_path / "stsb"
    folder.mkdir()
    for name, count in (("train", 6), ("dev", 3)):
        rows = [f"g\tf\t2012\t{n}\t{score}\t{one}\t{other}"
                for n, (one, other, score) in enumerate(PAIRS * count)]  # fmt: skip
        (folder / f"{name}.tsv").write_text("\n".join(rows) + "\n")
    return folder


def test_a_table_is_measured_and_goes_on(heads, stsb, public_model, tmp_path):
    asked = ["public model, together", heads.PEER]
    command = ["quality.heads", "stsb", "--data", stsb, "--model", public_model]
    command += ["--out", tmp_path / "out", "--seeds=1", "--rows", *asked]
    done = start(*command)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "out" / "stsb.json").read_text())
    assert list(found["rows"]) == asked
    (ours,), (theirs,) = found["rows"].values()
    assert ours["processor_seconds"] > 0 and len(theirs["epochs"]) == ours["epochs"] == 2
    names = [rival["name"] for rival in found["rivals"]]
    assert (
        names[:2] == ["TF-IDF cosine", "TF-IDF + ridge"] and "cosine of the public model" in names
    )
    assert f"| {ours['valid']['pearson']:.3f} |" in done.stdout
    again = start(*command)
    assert (
        again.stdout == done.stdout
        and json.loads((tmp_path / "out" / "stsb.json").read_text()) == found
    )
    assert kb.load_predictor(tmp_path / "out" / "stsb" / "public-model-together-seed0")


@pytest.mark.slow
def test_steps_are_timed_beside_transformers(stsb, public_model, tmp_path):
    done = start(
        "speed.head_steps", "--data", stsb.parent, "--model", public_model, "--names", "stsb",
        "--task", "training", "--rounds=1", "--steps=1", "--backends", "torch",
        "--out", tmp_path / "steps.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "steps.json").read_text())
    training = found["stsb, training"]
    assert [row["name"] for row in training["contestants"]] == ["kerasbert", "transformers"]
    # 24 pairs: ours fills its batch of 32 with those of the next epoch, theirs is smaller.
    (ours,), (theirs,) = (row["work"] for row in training["contestants"])
    assert ours / 32 == pytest.approx(theirs / 24, rel=0.05)
    assert "stsb, training: transformers" in done.stdout
