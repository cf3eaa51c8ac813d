"""Commands go on from a public model as from a run of their own."""

import numpy as np
import pytest

from kerasbert.recipes import convert, embed, finetune, pretrain
from kerasbert.runs import RunFolder

SHORT = {"max_length": 16, "batch_size": 16}


@pytest.fixture(scope="module")
def runs(public_models, tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")

    def run(name):
        if not (place / name).exists():
            convert.run(convert.Config(folder=public_models / name, out=place / name))
        return place / name

    return run


@pytest.mark.parametrize(
    "name",
    ["bert", *(pytest.param(n, marks=pytest.mark.in_turn) for n in ("electra", "modernbert"))],
)
def test_fine_tuning_starts_from_a_public_model(name, runs, files, tmp_path):
    config = finetune.Config(
        pretrained=runs(name),
        train=files / "train.txt",
        valid=files / "valid.txt",
        out=tmp_path / "tags",
        epochs=1,
        **SHORT,
    )
    result = finetune.run(config)
    public, run = RunFolder.open(runs(name)), RunFolder.open(tmp_path / "tags")
    assert run.architecture() == public.architecture()
    assert result["learning_rate"] == public.architecture().fine_tuning_rate
    transfer = run.config()["transfer"]
    assert all(path.split("/")[0] in ("embedding", "encoder") for path in transfer["loaded"])
    assert set(transfer["new"]) == {"logits/kernel", "logits/bias"}
    assert 0 <= result["valid"]["f1"] <= 1


@pytest.mark.in_turn
def test_pre_training_goes_on_with_the_masked_lm_head(runs, files, tmp_path):
    config = pretrain.Config(
        pretrained=runs("bert-both-heads"),
        corpus=(files / "raw.txt",),
        tasks=("masked-lm",),
        out=tmp_path / "lm",
        steps=2,
        **SHORT,
    )
    pretrain.run(config)
    transfer = RunFolder.open(tmp_path / "lm").config()["transfer"]
    heads = {path for path in transfer["loaded"] if path.startswith("masked_lm")}
    assert heads == {
        *(f"masked_lm_transform/{end}" for end in ("kernel", "bias")),
        *(f"masked_lm_norm/{end}" for end in ("gamma", "beta")),
        "masked_lm/bias",
    }


def test_vectors_of_a_public_model(runs, files, tmp_path):
    lines = (files / "raw.txt").read_text(encoding="utf-8").splitlines()[:5]
    (tmp_path / "new.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "vectors.npy"
    result = embed.run(embed.Config(model=runs("bert"), file=tmp_path / "new.txt", out=out))
    assert np.load(out).shape == (5, 24) == (result["documents"], result["width"])
