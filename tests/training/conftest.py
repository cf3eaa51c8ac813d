"""A pre-trained run that several tests start from."""

import pytest


@pytest.fixture(scope="session")
def small_run(files, tmp_path_factory):
    """A pre-trained run of a small TextCNN, without dropout."""
    from kerasbert.runs.folder import RunFolder
    from kerasbert.settings.pretrain import PretrainSettings
    from kerasbert.training.pretraining import pretrain

    out = tmp_path_factory.mktemp("pretrained") / "run"
    sizes = {"encoder": "text-cnn", "d_model": 16, "filters": 8, "max_length": 16, "steps": 6}
    sizes["dropout"] = 0.0
    corpus = (str(files / "raw.txt"),)
    pretrain(PretrainSettings(corpus=corpus, out=out, vocab_size=90, **sizes))
    return RunFolder.open(out)
