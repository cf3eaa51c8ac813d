"""Fine-tuning in 16 bits, through the command."""

import json

import keras
import pytest
from walking import SMALL

from kerasbert import cli, load_model

pytestmark = pytest.mark.in_turn  # on every backend, every encoder: tests/layers/test_precision.py


@pytest.mark.parametrize("encoder", ["text-cnn", "transformer"])
def test_half_precision_computes_in_16_bits_and_keeps_weights_in_32(encoder, runs, files, tmp_path):
    command = ["finetune", "--out", f"{tmp_path}/run", *SMALL]
    if encoder == "text-cnn":
        command += ["--pretrained", f"{runs}/lm"]
    else:
        command += ["--encoder", encoder, "--d-model", "16", "--layers", "1"]
    command += ["--train", f"{files}/train.txt", "--valid", f"{files}/valid.txt", "--epochs", "4"]
    command += ["--learning-rate", "0.01", "--precision", "bfloat16"]
    assert cli.main(command) == 0
    model = load_model(tmp_path / "run")
    assert model.get_layer("encoder").compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["valid"]["f1"] > 0.8
    assert keras.config.dtype_policy().name == "float32"  # nothing outside the run has changed
