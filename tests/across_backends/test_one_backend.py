"""Only one backend installed: everything works on it, and no other is imported."""

import pytest
from backends import BACKENDS, python

WALK = """
import json, os
from kerasbert import cli
files, out = {files!r}, {out!r}
small = "--batch-size 8 --max-length 8".split()
store, lm, tags = (f"{{out}}/{{name}}" for name in ("store", "lm", "tags"))
commands = [
    ["prepare", "--corpus", f"{{files}}/raw.txt", "--out", store, "--tokenizer", "word"],
    ["pretrain", "--store", store, "--out", lm, "--steps", "3", "--d-model", "8", *small],
    ["finetune", "--pretrained", lm, "--out", tags, "--epochs", "1", "--limit", "24", *small,
     "--train", f"{{files}}/train.txt", "--valid", f"{{files}}/valid.txt"],
    ["predict", "--model", tags, f"{{files}}/test.txt"],
]
for command in commands:
    assert cli.main(command) == 0, command
print(json.dumps(os.environ["KERAS_BACKEND"]))
"""

# All commands, one after the other in a process.
EVERY_COMMAND = (
    WALK.split("for command in")[0].replace('"--steps", "3",', '"--steps", "3", "--tensorboard",')
    + """
import sys
labelled = [f"--{{part}}={{files}}/{{part}}.txt" for part in ("train", "valid", "test")]
commands += [
    ["evaluate", "--model", tags, "--data", f"{{files}}/test.txt"],
    ["embed", "--model", lm, f"{{files}}/test.txt", "--out", f"{{out}}/vectors.npy"],
    ["compare", "--pretrained", lm, "--out", f"{{out}}/compare", "--epochs", "1", "--limit", "24",
     *small, *labelled],
]
imported = {{}}
for command in commands:
    assert cli.main(command) == 0, command
    imported[command[0]] = sorted({{"jax", "torch", "tensorflow"}} & set(sys.modules))
"""
)

# And then a script.
FIT_AND_PREDICT = """
from kerasbert import (
    EpochF1, LabeledBatches, LabelSet, MaskedLM, ObjectiveValidation, PretrainingBatches,
    TextCNNConfig, TokenStore, WarmupDecay, build_classifier, build_embedding, build_encoder,
    build_pretrain_model, compile_classifier, compile_pretrain, read_labeled, transfer_weights,
)
from kerasbert.batches.labeled import predict_logits
from kerasbert.training import build_optimizer
files = {files!r}
store = TokenStore.open(files + "/store")
size = store.tokenizer.vocabulary_size
config = TextCNNConfig(vocabulary_size=size, d_model=8)
tasks = [MaskedLM(size)]
batches = PretrainingBatches(store, tasks, max_length=8, batch_size=8)
valid = PretrainingBatches(store, tasks, max_length=8, batch_size=8, part="valid")
pretrained = build_pretrain_model(build_embedding(config), build_encoder(config), tasks)
compile_pretrain(pretrained, tasks, build_optimizer(WarmupDecay(1e-3, 3)))
pretrained.fit(batches.stream(), steps_per_epoch=3, shuffle=False, verbose=0,
               callbacks=[ObjectiveValidation({{tasks[0]: valid}}, rows=8)])
documents = read_labeled(files + "/valid.txt")
labels = LabelSet.from_documents(documents)
data = LabeledBatches(documents, store.tokenizer, labels, max_length=8)
model = build_classifier(build_embedding(config), build_encoder(config), len(labels))
transfer_weights(pretrained, model)
compile_classifier(model, "multi-label", build_optimizer(1e-3))
model.fit(data.stream(), steps_per_epoch=2, verbose=0, callbacks=[EpochF1(data)])
predict_logits(model, data.texts)
imported["script"] = sorted({{"jax", "torch", "tensorflow"}} & set(sys.modules))
print(json.dumps(imported))
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_whole_way_where_only_one_backend_is_installed(backend, files, tmp_path):
    """KERAS_BACKEND is unset, too: the one that is there is taken."""
    others = tuple(name for name in ("jax", "torch", "tensorflow") if name != backend)
    code = WALK.format(files=str(files), out=str(tmp_path))
    assert python(code, None, hidden=others) == backend


@pytest.mark.parametrize("hidden, chosen", [((), 0), (BACKENDS[:1], 1), (BACKENDS[:2], 2)])
def test_the_first_installed_backend_is_taken(hidden, chosen):
    if chosen >= len(BACKENDS):
        pytest.skip("fewer backends are installed")
    code = "import json, os, kerasbert\nprint(json.dumps(os.environ['KERAS_BACKEND']))"
    assert python(code, None, hidden=tuple(hidden)) == BACKENDS[chosen]


def test_without_any_backend_one_line_says_how_to_install_one():
    code = """
import contextlib, io, json
from kerasbert import cli
with contextlib.redirect_stderr(io.StringIO()) as said:
    status = cli.main(["toy", "--steps", "1"])
print(json.dumps([status, said.getvalue()]))
"""
    status, said = python(code, None, hidden=("jax", "torch", "tensorflow"))
    assert status == 2 and "pip install 'kerasbert[jax]'" in said and "Traceback" not in said


@pytest.mark.skipif("tensorflow" not in BACKENDS, reason="it is not there to be imported")
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "tensorflow"])
def test_neither_a_command_nor_a_script_imports_tensorflow(backend, files, store, tmp_path):
    code = (EVERY_COMMAND + FIT_AND_PREDICT).format(files=str(files), out=str(tmp_path))
    imported = python(code, backend)
    assert len(imported) == 8 and imported.pop("prepare") == []
    assert all(backend in names and "tensorflow" not in names for names in imported.values())
