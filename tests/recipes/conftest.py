"""Runs that several tests of the commands read."""

import pytest
from walking import BOTH, SMALL

from kerasbert import cli


@pytest.fixture(scope="session")
def runs(files, store, tmp_path_factory):
    """A pre-trained run, and one fine-tuned from it: to be read, not changed."""
    out = tmp_path_factory.mktemp("runs")
    pretrain = ["pretrain", "--store", f"{files}/store", "--out", f"{out}/lm", *SMALL]
    pretrain += ["--d-model", "16", "--epochs", "8", "--learning-rate", "0.01", *BOTH]
    assert cli.main(pretrain) == 0
    finetune = ["finetune", "--pretrained", f"{out}/lm", "--out", f"{out}/tags"]
    finetune += ["--batch-size", "16", "--max-length", "40"]
    finetune += ["--epochs", "4", "--learning-rate", "0.01"]
    for part in ("train", "valid", "test"):
        finetune += [f"--{part}", f"{files}/{part}.txt"]
    assert cli.main(finetune) == 0
    return out
