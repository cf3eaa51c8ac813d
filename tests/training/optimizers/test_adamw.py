import keras
import numpy as np

from kerasbert.training.optimizers import AdamW


def updated(kind, **settings):
    """Two weights after six updates with given gradients."""
    rng = np.random.default_rng(0)
    weights = [
        keras.Variable(rng.normal(size=shape).astype(np.float32)) for shape in ((30, 8), (8,))
    ]
    optimizer = kind(0.01, **settings)
    optimizer.build(weights)
    for _ in range(6):
        gradients = [
            keras.ops.convert_to_tensor(1e-4 * rng.normal(size=weight.shape), dtype="float32")
            for weight in weights
        ]
        optimizer.apply(gradients, weights)
    return [keras.ops.convert_to_numpy(value) for value in (*weights, *optimizer.variables)]


def test_it_updates_as_keras_does():
    for settings in (
        {"weight_decay": 0.1},
        {"weight_decay": 0.0, "epsilon": 1e-5},  # of the size of the gradients
        {"beta_1": 0.8, "beta_2": 0.99, "global_clipnorm": 1e-4},
        {"gradient_accumulation_steps": 2, "use_ema": True},
        {"amsgrad": True},
    ):
        for mine, theirs in zip(
            updated(AdamW, **settings), updated(keras.optimizers.AdamW, **settings), strict=True
        ):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=2e-6, err_msg=str(settings))


def test_it_is_saved_with_its_settings():
    again = keras.optimizers.deserialize(keras.optimizers.serialize(AdamW(0.01, beta_1=0.8)))
    assert isinstance(again, AdamW) and again.beta_1 == 0.8
