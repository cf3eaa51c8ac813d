"""A pre-trained run that several tests start from, and a training that stops."""

import contextlib

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


@pytest.fixture
def stopping_after_an_epoch(monkeypatch):
    """Makes a context in which a training is stopped at the end of an epoch, its state saved."""
    from kerasbert.training import Interrupted
    from kerasbert.training.resume import SaveState

    @contextlib.contextmanager
    def stopping():
        save = SaveState.on_epoch_end

        def stopped(self, epoch, logs=None):
            save(self, epoch, logs)
            raise Interrupted("stopped")

        with monkeypatch.context() as patch, pytest.raises(Interrupted):
            patch.setattr(SaveState, "on_epoch_end", stopped)
            yield

    return stopping
