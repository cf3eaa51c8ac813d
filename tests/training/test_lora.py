"""--lora: thin kernels learn beside those of the encoder, and the run has them added."""

import keras
import numpy as np
import pytest

from kerasbert.errors import InputError
from kerasbert.layers.dense import Dense
from kerasbert.models.lora import add_adapters
from kerasbert.models.transfer import weights_of
from kerasbert.runs.folder import RunFolder
from kerasbert.settings.fine_tune import FineTuneSettings
from kerasbert.settings.pretrain import PretrainSettings
from kerasbert.training.fine_tuning import fine_tune
from kerasbert.training.pretraining import pretrain

SMALL = {"encoder": "transformer", "d_model": 16, "layers": 2, "heads": 2, "positions": "learned"}


@pytest.fixture(scope="module")
def transformer(files, store, tmp_path_factory):
    """A pre-trained run of a small Transformer."""
    out = tmp_path_factory.mktemp("transformer") / "run"
    pretrain(PretrainSettings(store=store.path, out=out, max_length=16, steps=2, **SMALL))
    return RunFolder.open(out)


@pytest.fixture
def settings(files, tmp_path):
    """Settings of a run with adapters on the small files."""

    def make(run, out="run", **options) -> FineTuneSettings:
        parts = {name: files / f"{name}.txt" for name in ("train", "valid", "test")}
        given = {"pretrained": str(run.path), "epochs": 2, "rival": False, "lora": 2}
        return FineTuneSettings(out=tmp_path / out, max_length=16, **parts | given | options)

    return make


def arrays(model):
    return {path: np.array(keras.ops.convert_to_numpy(w)) for path, w in weights_of(model).items()}


def test_a_dense_layer_adds_the_product_of_the_two():
    layer = Dense(4, activation="tanh", name="dense")
    inputs = np.random.default_rng(0).normal(size=(3, 5, 6)).astype(np.float32)
    layer.build((None, 5, 6))
    layer.enable_lora(2, a_initializer=keras.initializers.HeUniform(seed=1))
    layer.lora_kernel_b.assign(np.ones((2, 4)))
    kernel, bias, a, b = (
        keras.ops.convert_to_numpy(each)
        for each in (layer._kernel, layer.bias, layer.lora_kernel_a, layer.lora_kernel_b)
    )
    found = keras.ops.convert_to_numpy(layer(inputs))
    np.testing.assert_allclose(found, np.tanh(inputs @ (kernel + a @ b) + bias), atol=1e-5)
    names = {weight.path.split("/")[-1] for weight in layer.trainable_weights}
    assert names == {"bias", "lora_kernel_a", "lora_kernel_b"}


@pytest.mark.parametrize(
    "kind", ["transformer", pytest.param("small_run", marks=pytest.mark.in_turn)]
)
def test_kernels_change_by_few_ranks_and_the_run_is_as_any_other(kind, settings, files, request):
    source = request.getfixturevalue(kind)
    config = settings(source, learning_rate=0.02)
    metrics = fine_tune(config)
    run = RunFolder.open(config.out)
    before, after = arrays(source.load_model()), arrays(run.load_model())
    assert not [path for path in after if "lora" in path]
    moved = 0
    for path in after:
        layer = path.split("/")[0]
        if layer == "embedding":
            np.testing.assert_array_equal(before[path], after[path], err_msg=path)
        elif layer == "encoder" and path.endswith("kernel"):
            change = after[path] - before[path]
            change = change.reshape(-1, change.shape[-1])
            moved += np.abs(change).max() > 1e-4
            assert np.linalg.matrix_rank(change, tol=1e-5) <= 2, path
        elif layer == "encoder":
            assert not np.array_equal(before[path], after[path]), path
    assert moved > 1
    assert "adapters of rank 2" in run.file("README.md").read_text(encoding="utf-8")
    # The saved model says of the texts what the one with adapters did.
    from kerasbert.recipes import evaluate

    data = evaluate.Config(model=run.path, data=files / "test.txt", out=run.path / "again")
    assert evaluate.run(data)["data"]["loss"] == pytest.approx(metrics["test"]["loss"], abs=1e-5)


@pytest.mark.in_turn
def test_a_run_that_was_stopped_ends_in_the_same_weights(
    settings, transformer, stopping_after_an_epoch
):
    fine_tune(settings(transformer, "whole"))
    with stopping_after_an_epoch():
        fine_tune(settings(transformer, "stopped"))
    fine_tune(settings(transformer, "stopped", resume=True))
    whole, stopped_run = (
        arrays(RunFolder.open(settings(transformer, out).out).load_model())
        for out in ("whole", "stopped")
    )
    for path, values in whole.items():
        np.testing.assert_array_equal(values, stopped_run[path], err_msg=path)


@pytest.mark.in_turn
def test_what_it_saves_is_said(settings, transformer, capsys):
    metrics = fine_tune(settings(transformer, epochs=1))
    assert metrics["learning_rate"] == pytest.approx(0.002 * 384 / 128)  # for 16 as for 128
    said = capsys.readouterr().err
    assert "--lora 2: " in said and "numbers learn beside" in said and "instead of" in said


def test_the_numbers_that_learn_are_counted(transformer):
    model = transformer.load_model()
    found = add_adapters(model, 1)
    kernels = [w for p, w in weights_of(model).items() if p.startswith("encoder") and "kernel" in p]
    thin = sum(int(np.prod(w.shape)) for w in kernels if "lora" in w.path)
    still = sum(int(np.prod(w.shape)) for w in kernels if "lora" not in w.path)
    table = sum(int(np.prod(w.shape)) for w in model.get_layer("embedding").weights)
    assert found.learned == found.before - still - table + thin
    assert found.weights == sum(int(np.prod(w.shape)) for w in model.weights) - thin


def test_a_rank_that_saves_nothing_is_refused(settings, transformer):
    config = settings(transformer, lora=16)
    with pytest.raises(InputError, match="--lora 16: the narrowest kernel of the encoder is 16"):
        fine_tune(config)
    assert not config.out.exists()


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"frozen": True}, "--lora: not beside --frozen"),
        ({"masked_lm": 0.5}, "--lora: not beside --masked-lm"),
        ({"from_scratch": True}, "--lora: expected beside --pretrained"),
        ({"pretrained": None}, "--lora: expected beside --pretrained"),
        ({"lora": 0}, "--lora: expected 1 or more"),
    ],
)
def test_what_contradicts_it_is_refused(wrong, message, settings, transformer):
    with pytest.raises(InputError, match=message):
        settings(transformer, **wrong)
