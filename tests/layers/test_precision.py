"""Rows of nothing but padding, in every number format: all weights learn, and no figure is lost."""

import keras
import numpy as np
import pytest

from kerasbert.config import CONFIGS
from kerasbert.layers import Pooling
from kerasbert.models import (
    build_classifier,
    build_embedding,
    build_encoder,
    build_pretrain_model,
    compile_classifier,
    compile_pretrain,
)
from kerasbert.tasks import MaskedLM
from kerasbert.training.optimizers import build_optimizer

POLICIES = ["mixed_float16", "mixed_bfloat16", "float32", "float64"]
RNG = np.random.default_rng(0)
IDS = RNG.integers(5, 30, (4, 12)).astype(np.int32)
IDS[1] = 0  # an empty text, and with windows of 6 an empty window
IDS[2, 6:] = 0


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(request.param)
    if request.param == "float64":
        keras.config.set_floatx("float64")
    yield request.param
    keras.config.set_dtype_policy(before[0])
    keras.config.set_floatx(before[1])


def layers(name):
    # float16 has few digits: an activation that is nowhere flat moves every weight
    narrow = {"widths": (1, 2)} if name == "text-cnn" else {"layers": 1, "heads": 2}
    config = CONFIGS[name](vocabulary_size=30, d_model=8, dropout=0.0, **narrow)
    return build_embedding(config), build_encoder(config)


def check_training(model, inputs, target, weights=None, steps=6):
    before = model.get_weights()
    losses = [float(model.train_on_batch(inputs, target, weights)) for _ in range(steps)]
    assert np.isfinite(losses).all()
    assert int(model.optimizer.iterations) >= steps - 2  # few updates are lost to the scale
    for variable, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        assert np.isfinite(new).all(), variable.path
        # A softmax doesn't see what is added to all of its inputs.
        if variable.trainable and variable.path != "pool_windows/score/bias":
            assert not np.array_equal(old, new), variable.path
    outputs = keras.tree.flatten(model.predict(inputs, verbose=0))
    assert all(np.isfinite(output).all() for output in outputs)


def case(policy, name, window=None):
    """On every backend every encoder in 16 bits, where figures are lost, and one in more.

    Windows are pooled behind any encoder alike: on every backend behind one of them, in 16 bits.
    """
    always = name == "transformer" or ("16" in policy and window is None)
    always &= "16" in policy or window is None
    marks = () if always else pytest.mark.in_turn
    shape = "rows" if window is None else "windows"
    return pytest.param(policy, name, window, id=f"{policy}-{name}-{shape}", marks=marks)


ROWS = [case(policy, name) for policy in POLICIES for name in sorted(CONFIGS)]
WINDOWS = [case(policy, name, 6) for policy in POLICIES for name in sorted(CONFIGS)]


@pytest.mark.parametrize("policy, name, window", ROWS + WINDOWS, indirect=["policy"])
def test_a_classifier(policy, name, window):
    pooling = Pooling("mean-max" if window is None else "cls", projection=True, name="pooling")
    model = build_classifier(
        *layers(name), 3, pooling, dropout=0.0, window=window, window_pooling="attention"
    )
    compile_classifier(model, "multi-label", build_optimizer(0.01))
    inputs = {"token_ids": IDS, "segment_ids": np.zeros_like(IDS)}
    check_training(model, inputs, np.eye(4, 3, dtype=np.float32))


@pytest.mark.parametrize("policy, name, window", ROWS, indirect=["policy"])
def test_pre_training_with_packed_rows(policy, name, window):
    task = MaskedLM(vocabulary_size=30)
    model = build_pretrain_model(*layers(name), [task], packed=True)
    compile_pretrain(model, [task], build_optimizer(0.01))
    documents = (IDS != 0).astype(np.int32)
    documents[0, 7:], documents[0, 6] = 2, 0
    inputs = {
        "token_ids": IDS,
        "segment_ids": np.zeros_like(IDS),
        "document_ids": documents,
        "position_ids": np.tile(np.arange(12, dtype=np.int32), (4, 1)),
        "masked_positions": np.array([[1, 8], [0, 0], [2, 3], [4, 0]], np.int32),
    }
    weights = np.array([[1, 1], [0, 0], [1, 1], [1, 0]], np.float32)
    target = np.full((4, 2), 7, np.int32)
    check_training(model, inputs, {task.name: target}, {task.name: weights})
