"""A user's own encoder, as the docs show it: pre-trained, saved, fine-tuned, loaded again."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from kerasbert import cli

# The programs of a page; that own layers are saved, loaded and carried over is tested with ours.
pytestmark = pytest.mark.in_turn

PAGE = Path(__file__).parents[2] / "docs" / "guides" / "extending.md"


@pytest.fixture(scope="module")
def readme(files, store, tmp_path_factory):
    """The section's two programs, run in a folder of their own: their names, and the folder."""
    section = PAGE.read_text(encoding="utf-8").split("## An encoder")[1].split("\n## ")[0]
    blocks = re.findall(r"^```python\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    lines = blocks[0].partition("@keras")[2].strip().splitlines()
    assert len([line for line in lines if line.strip()]) <= 20
    folder = tmp_path_factory.mktemp("own")
    for name in ("train.txt", "valid.txt"):
        shutil.copy(files / name, folder)
    shutil.copytree(files / "store", folder / "store")
    names: dict = {"__name__": "readme"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in blocks:
            exec(compile(block, PAGE.name, "exec"), names)
    return names, folder


def finetune(folder, out, **settings):
    from kerasbert.recipes import finetune

    config = finetune.Config(
        pretrained=folder / "runs" / "mine",
        train=folder / "train.txt",
        valid=folder / "valid.txt",
        out=out,
        max_length=16,  # two shapes to compile
        **settings,
    )
    return finetune.run(config)


def test_the_layer_is_a_layer(readme, check_layer):
    names, _ = readme
    rng = np.random.default_rng(0)
    mask = np.arange(7) < np.array([[7], [4], [2]])
    hidden = rng.normal(size=(3, 7, 8)).astype(np.float32)
    output = check_layer(names["GatedConvolution"](3), hidden, mask)
    assert output.shape == hidden.shape and not output[~mask].any()


def test_pre_training_is_saved_and_loads(readme):
    from kerasbert import load_model

    names, folder = readme
    inputs, _, _ = names["batches"].batch(0)
    saved = names["model"].predict_on_batch(inputs)["masked_lm"]
    again = load_model(folder / "runs" / "mine").predict_on_batch(inputs)["masked_lm"]
    np.testing.assert_allclose(again, saved, atol=1e-5)


def test_fine_tuning_starts_from_every_pre_trained_weight_and_learns(readme):
    _, folder = readme
    run = folder / "runs" / "mine-tags"
    config = json.loads((run / "config.json").read_text())
    assert config["architecture"] is None
    transfer = config["transfer"]
    assert "encoder/convolution/kernel" in {
        path.replace("conv1d", "convolution") for path in transfer["loaded"]
    }
    assert transfer["new"] == ["logits/kernel", "logits/bias"]
    assert json.loads((run / "metrics.json").read_text())["valid"]["f1"] > 0.9


def test_the_fine_tuned_run_loads_and_predicts_the_same(readme, files):
    import kerasbert
    from kerasbert.batches.labeled import LabeledBatches, predict_logits
    from kerasbert.inference.predictor import Predictor
    from kerasbert.recipes import evaluate

    names, folder = readme
    run = folder / "runs" / "mine-tags"
    predictor = Predictor(run)
    valid = LabeledBatches(
        kerasbert.read_labeled(files / "valid.txt"), predictor.tokenizer, predictor.head.labels
    )
    logits = predict_logits(names["classifier"], valid.texts)
    np.testing.assert_allclose(predict_logits(predictor.model, valid.texts), logits, atol=1e-5)
    found = evaluate.run(evaluate.Config(model=run, data=files / "valid.txt"))
    saved = json.loads((run / "metrics.json").read_text())
    assert found["data"] == pytest.approx(saved["valid"])


def test_from_scratch_takes_the_layers_but_no_weight(readme, tmp_path):
    from kerasbert import load_model

    _, folder = readme
    metrics = finetune(folder, tmp_path / "scratch", from_scratch=True, epochs=1)
    assert metrics["epochs"] == 1
    assert json.loads((tmp_path / "scratch" / "config.json").read_text())["transfer"] is None
    pretrained = load_model(folder / "runs" / "mine").get_layer("encoder").get_weights()[0]
    scratch = load_model(tmp_path / "scratch").get_layer("encoder").get_weights()[0]
    assert np.abs(scratch - pretrained).max() > 0.05


def test_going_on_from_it_on_the_command_line_says_what_to_do(readme, tmp_path, capsys):
    _, folder = readme
    command = ["pretrain", "--pretrained", f"{folder}/runs/mine", "--store", f"{folder}/store"]
    assert cli.main([*command, "--out", f"{tmp_path}/more"]) == 2
    assert "docs/guides/extending.md" in capsys.readouterr().err
