"""What must agree on every backend: batches to the bit, logits of a saved model, F1."""

import json
from pathlib import Path

import numpy as np
import pytest
from backends import BACKENDS
from fast_compiling import FAST_COMPILING

OPTIMIZED = "jax, optimized"

TRAIN = """
import json, sys
from kerasbert import cli
sys.exit(cli.main({pretrain!r}) or cli.main({finetune!r}) or print(json.dumps(0)))
"""

LOOK = """
import hashlib, json, os
import numpy as np
from kerasbert import (
    LabeledBatches, LabelSet, MaskedLM, NextSentence, PretrainingBatches, TokenStore, cli, load,
    load_model, read_labeled,
)
from kerasbert.inference.explain import explain
files, runs, out = {files!r}, {runs!r}, {out!r}
store = TokenStore.open(files + "/store")
tasks = [NextSentence(), MaskedLM(store.tokenizer.vocabulary_size)]
documents = read_labeled(files + "/train.txt")
labels = LabelSet.from_documents(documents)
sources = dict(
    pretraining=PretrainingBatches(store, tasks, max_length=48, batch_size=8, seed=3),
    labeled=LabeledBatches(documents, store.tokenizer, labels, batch_size=8, seed=3),
)

def add(digest, value):
    if isinstance(value, dict):
        for name in sorted(value):
            digest.update(name.encode())
            add(digest, value[name])
    elif isinstance(value, tuple):
        for part in value:
            add(digest, part)
    else:
        value = np.asarray(value)
        digest.update(str((value.dtype, value.shape)).encode() + value.tobytes())

def hash_of(value):
    digest = hashlib.sha256()
    add(digest, value)
    return digest.hexdigest()

found = dict(
    batches=dict(), streams=dict(), logits=dict(), figures=dict(), answers=dict(), words=dict(),
    xla=os.environ["XLA_FLAGS"],
)
for name, source in sources.items():
    steps = [0, 1, 2, 5, source.steps_per_epoch, 1000]
    found["batches"][name] = [hash_of(source.batch(step)) for step in steps]
    stream = source.stream(5)  # what `fit` reads: on TensorFlow it is another class
    first = stream[0] if hasattr(stream, "__getitem__") else next(iter(stream))
    found["streams"][name] = hash_of(first)

ids = np.random.default_rng(0).integers(5, 30, (4, 24)).astype(np.int32)
ids[2:, 17:] = 0
second = (np.arange(24) > 12).astype(np.int32) * (ids > 0)
inputs = dict(token_ids=ids, segment_ids=second.astype(np.int32))
for run in runs:
    logits = load_model(run).predict_on_batch(inputs)
    found["logits"][run] = np.asarray(logits).tolist()
    data = ["--data", files + "/test.txt", "--out", out]
    assert cli.main(["evaluate", "--model", run, *data]) == 0
    found["figures"][run] = json.load(open(out))
    predictor = load(run)
    texts = [text for document in read_labeled(files + "/test.txt") for text in document.texts]
    found["answers"][run] = predictor(texts)
    found["words"][run] = [
        [list(word.weights.values()) for word in one.words] for one in explain(predictor, texts[:2])
    ]
print(json.dumps(found))
"""

TRANSFORMER = ["--encoder", "transformer", "--d-model", "16", "--layers", "2", "--heads", "2"]
TEXT_CNN = ["--encoder", "text-cnn", "--d-model", "16"]


@pytest.fixture(scope="module")
def runs(files, store, tmp_path_factory, on):
    """A fine-tuned run of each encoder, each written by another backend."""
    out = tmp_path_factory.mktemp("runs")
    found = []
    for number, (name, sizes) in enumerate({"cnn": TEXT_CNN, "transformer": TRANSFORMER}.items()):
        small = ["--max-length", "16", "--batch-size", "16", "--learning-rate", "0.003"]
        lm, tags = str(out / f"{name}-lm"), str(out / name)
        pretrain = ["pretrain", "--store", f"{files}/store", "--out", lm, "--steps", "20"]
        finetune = ["finetune", "--pretrained", lm, "--out", tags, "--epochs", "2", *small]
        finetune += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt"]
        code = TRAIN.format(pretrain=[*pretrain, *sizes, *small], finetune=finetune)
        backend = BACKENDS[number % len(BACKENDS)]
        on(OPTIMIZED if backend == "jax" else backend)(code)
        found.append(tags)
    return found


@pytest.fixture(scope="module")
def found(runs, files, tmp_path_factory, on):
    """What each backend sees; JAX twice."""
    out = tmp_path_factory.mktemp("found") / "test.json"
    code = LOOK.format(files=str(files), runs=runs, out=str(out))
    names = [*BACKENDS, *([OPTIMIZED] if "jax" in BACKENDS else [])]
    return {name: on(name)(code) for name in names}


@pytest.mark.skipif("jax" not in BACKENDS, reason="XLA's flags are for JAX")
def test_jax_is_compiled_without_optimizing_and_as_users_have_it(found):
    assert FAST_COMPILING in found["jax"]["xla"] and FAST_COMPILING not in found[OPTIMIZED]["xla"]


def test_batches_agree_to_the_bit(found):
    expected = found[BACKENDS[0]]["batches"]
    assert all(seen["batches"] == expected for seen in found.values())
    assert all(len(set(hashes)) == len(hashes) for hashes in expected.values())


def test_fit_is_given_these_batches(found):
    for seen in found.values():
        for name, first in seen["streams"].items():
            assert first == seen["batches"][name][3]  # of step 5


def test_logits_of_a_saved_model_agree(found, runs):
    for run in runs:
        expected = found[BACKENDS[0]]["logits"][run]
        assert np.std(expected) > 1e-3  # were all alike they would agree, too
        for seen in found.values():
            assert np.abs(np.subtract(seen["logits"][run], expected)).max() < 1e-4


def test_f1_agrees_to_three_decimals(found, runs):
    def rounded(figures):
        views = figures["data"], figures["at_half"]["data"]
        return [round(view[name], 3) for view in views for name in ("micro_f1", "macro_f1", "f1")]

    for run in runs:
        expected = rounded(found[BACKENDS[0]]["figures"][run])
        assert expected[0] > 0
        for seen in found.values():
            assert rounded(seen["figures"][run]) == expected


def test_answers_and_the_words_that_carry_them_agree(found, runs):
    for run in runs:
        expected = found[BACKENDS[0]]
        for seen in found.values():
            for one, other in zip(seen["answers"][run], expected["answers"][run], strict=True):
                assert one["labels"] == other["labels"]
                assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)
            for one, other in zip(seen["words"][run], expected["words"][run], strict=True):
                np.testing.assert_allclose(one, other, atol=1e-4)
        assert np.abs(expected["words"][run][0]).max() > 1e-3


def test_the_runs_were_written_by_different_backends(runs):
    configs = [json.loads((Path(run) / "config.json").read_text()) for run in runs]
    assert [config["backend"] for config in configs] == (BACKENDS * 2)[:2]
