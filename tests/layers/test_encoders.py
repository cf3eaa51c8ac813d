"""What both encoders must do: a state per position, and no trace of padding."""

import keras
import numpy as np
import pytest
from few_blocks import FEW_BLOCKS

from kerasbert.config import CONFIGS, SIZES, TransformerConfig
from kerasbert.errors import InputError
from kerasbert.layers import ModernBertEncoder, SelfAttention, TextCNNEncoder, TransformerEncoder
from kerasbert.models import build_embedding, build_encoder, build_encoder_model
from kerasbert.models.compiling import compile_and_build

RNG = np.random.default_rng(0)
HIDDEN = RNG.normal(size=(2, 6, 8)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]], bool)


def transformer(**changes):
    settings = {"layers": 2, "heads": 2, "d_k": 4, "d_v": 4, "d_ff": 16} | changes
    return TransformerEncoder(**settings)


def modern_bert(**changes):
    return ModernBertEncoder(**{"layers": 3, "heads": 2, "d_ff": 12, "window": 1} | changes)


@pytest.mark.parametrize(
    "encoder",
    [
        lambda: transformer(norm="post"),
        lambda: transformer(norm="pre"),
        lambda: transformer(d_v=3, attention_dropout=0.1),
        lambda: transformer(rotary=True),
        lambda: modern_bert(),
        lambda: TextCNNEncoder(filters=5),
        lambda: TextCNNEncoder(filters=5, widths=(1, 3), convolutions=1, activation="relu"),
    ],
    ids=[
        *("post-norm", "pre-norm", "plain attention", "rotary", "modernbert"),
        *("text-cnn", "text-cnn of one layer"),
    ],
)
def test_as_a_layer(check_layer, encoder):
    assert check_layer(encoder(), HIDDEN, MASK).shape == HIDDEN.shape


@pytest.mark.parametrize("pooling", ["cls", "mean-max"])
@pytest.mark.parametrize(
    "name, positions",
    [
        *[("text-cnn", "none"), ("transformer", "learned"), ("transformer", "rotary")],
        ("modernbert", "rotary"),
    ],
)
def test_padding_never_changes_a_result(name, positions, pooling):
    from kerasbert.layers import Pooling

    few = {"d_model": 16, "positions": positions} | FEW_BLOCKS[name]
    config = CONFIGS[name](vocabulary_size=50, **few)
    model = build_encoder_model(
        build_embedding(config), build_encoder(config), Pooling(pooling, name="pooling")
    )
    ids = RNG.integers(5, 50, (1, 9)).astype(np.int32)
    batch = np.zeros((3, 18), np.int32)  # among others, and padded twice as long
    batch[0] = RNG.integers(5, 50, 18)
    batch[1, :9] = ids
    batch[2, :2] = 7

    def outputs(token_ids):
        inputs = {"token_ids": token_ids, "segment_ids": np.zeros_like(token_ids)}
        return {key: np.asarray(value) for key, value in model.predict(inputs, verbose=0).items()}

    alone, together = outputs(ids), outputs(batch)
    np.testing.assert_allclose(together["pooled"][1], alone["pooled"][0], atol=1e-5)
    np.testing.assert_allclose(together["sequence"][1, :9], alone["sequence"][0], atol=1e-5)


DOCUMENTS = np.array([[1, 1, 1, 2, 2, 2], [1, 1, 2, 2, 0, 0]], np.int32)


@pytest.mark.parametrize("mask", [MASK, DOCUMENTS], ids=["one text a row", "packed"])
@pytest.mark.parametrize(
    "changes",
    [{"norm": "post"}, {"norm": "pre"}, {"rotary": True}, {"d_v": 3}, {"layers": 1}],
    ids=["post-norm", "pre-norm", "rotary", "plain attention", "one block"],
)
def test_wanted_states_are_those_of_all_positions(changes, mask):
    encoder = transformer(**changes)
    positions = np.array([[5, 0, 2], [3, 1, 0]], np.int32)
    everything = keras.ops.convert_to_numpy(encoder(HIDDEN, mask))
    wanted = keras.ops.convert_to_numpy(encoder(HIDDEN, mask, positions=positions))
    expected = np.take_along_axis(everything, positions[..., None], axis=1)
    np.testing.assert_allclose(wanted, expected, atol=2e-6)


@pytest.mark.parametrize("mask", [MASK, DOCUMENTS], ids=["one text a row", "packed"])
def test_wanted_states_of_a_window_are_those_of_all_positions(mask):
    positions = np.array([[5, 0, 2], [3, 1, 0]], np.int32)
    encoder = modern_bert(layers=2)  # the last block is local
    everything = keras.ops.convert_to_numpy(encoder(HIDDEN, mask))
    wanted = keras.ops.convert_to_numpy(encoder(HIDDEN, mask, positions=positions))
    expected = np.take_along_axis(everything, positions[..., None], axis=1)
    np.testing.assert_allclose(wanted, expected, atol=2e-6)


def test_a_window_ends_and_documents_do_not_see_each_other():
    encoder = modern_bert(layers=4, global_every=9, window=1)
    before, after = np.zeros((2, 1, 12, 8), np.float32)
    after[0, 5] = np.arange(8)
    documents = np.array([[1] * 8 + [2] * 4], np.int32)
    for mask, seen in ((np.ones((1, 12), bool), list(range(12))), (documents, list(range(8)))):
        # The first block sees all of the document, the other three one position further each.
        states = [keras.ops.convert_to_numpy(encoder(row, mask)) for row in (before, after)]
        changed = np.abs(states[1] - states[0]).max(axis=(0, 2)) > 1e-7
        assert list(np.flatnonzero(changed)) == seen
    local = SelfAttention(2, 4, 4, window=2, use_bias=False)
    mask = np.ones((1, 12), bool)
    states = [keras.ops.convert_to_numpy(local(row, mask)) for row in (before, after)]
    changed = np.abs(states[1] - states[0]).max(axis=(0, 2)) > 1e-7
    assert list(np.flatnonzero(changed)) == [3, 4, 5, 6, 7]


def test_wanted_states_as_a_layer(check_layer):
    positions = np.array([[5, 0, 2], [3, 1, 0]], np.int32)
    assert check_layer(transformer(rotary=True), HIDDEN, MASK, positions).shape == (2, 3, 8)


def test_rotary_positions_have_no_longest_text():
    config = TransformerConfig(
        vocabulary_size=50, d_model=16, layers=1, positions="rotary", max_positions=8
    )
    model = build_encoder_model(build_embedding(config), build_encoder(config))
    ids = RNG.integers(5, 50, (1, 40)).astype(np.int32)
    outputs = model.predict({"token_ids": ids, "segment_ids": np.zeros_like(ids)}, verbose=0)
    assert np.asarray(outputs["sequence"]).shape == (1, 40, 16)
    assert not any("position" in weight.path for weight in model.weights)
    with pytest.raises(InputError, match="rotary positions need an even d_k"):
        TransformerConfig(vocabulary_size=50, d_model=24, positions="rotary")
    with pytest.raises(InputError, match="the text-cnn encoder takes learned or none"):
        CONFIGS["text-cnn"](vocabulary_size=50, positions="rotary")


def test_a_convolution_sees_as_far_as_its_widths():
    encoder = TextCNNEncoder(filters=4, widths=(3,), convolutions=2)
    encoder.build((None, None, 8))
    encoder.context.kernel.assign(np.zeros((4, 8)))  # which sees the whole text
    mask = np.ones((1, 11), bool)
    before = np.zeros((1, 11, 8), np.float32)
    after = before.copy()
    after[0, 5] = np.arange(8)
    seen = np.abs(
        keras.ops.convert_to_numpy(encoder(after, mask))
        - keras.ops.convert_to_numpy(encoder(before, mask))
    ).max(axis=(0, 2))
    # Two layers of width 3 reach two positions to each side.
    assert list(np.flatnonzero(seen > 1e-7)) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_named_sizes_are_those_of_the_predecessor(name):
    assert SIZES == {"tiny": 64, "small": 128, "base": 512}
    config = CONFIGS[name](vocabulary_size=10, d_model=SIZES["tiny"])
    encoder = build_encoder(config)
    encoder.build((None, None, 64))
    if name == "transformer":
        attention = encoder.blocks[0].attention
        assert (len(encoder.blocks), attention.heads, attention.d_k, attention.d_v) == (6, 8, 8, 8)
        assert encoder.blocks[0].d_ff == 256
    elif name == "modernbert":
        assert (len(encoder.blocks), encoder.blocks[0].attention.heads) == (6, 8)
        assert [block.attention.window for block in encoder.blocks] == [None, 64, 64] * 2
    else:
        kernels = [c.kernel.shape for tower in encoder.towers for c in tower]
        assert kernels == [(w, 64, 64) for w in (2, 3, 4, 5) for _ in range(2)]


def test_a_text_cnn_trains_as_its_plain_operations_would(monkeypatch):
    """Where a backend joins operations, the gradients stay: with padding, and equal maxima."""
    from kerasbert.layers import text_cnn

    hidden = np.concatenate([HIDDEN, HIDDEN], axis=1)  # what stands there twice is twice largest
    mask = np.concatenate([np.ones_like(MASK), MASK], axis=1)

    def changes():
        encoder = TextCNNEncoder(filters=5, widths=(1, 2), dropout=0.0, name="encoder")
        inputs = [keras.Input((None, 8)), keras.Input((None,), dtype="bool")]
        model = keras.Model(inputs, encoder(*inputs))
        rng = np.random.default_rng(1)
        before = [rng.normal(0, 0.5, weight.shape) for weight in model.weights]
        model.set_weights(before)
        compile_and_build(model, keras.optimizers.SGD(1.0), loss="mse")
        model.fit([hidden, mask], np.ones_like(hidden), verbose=0)
        return [after - weight for after, weight in zip(model.get_weights(), before, strict=True)]

    found = changes()

    def plain_convolution(convolution, states, mask, training):
        return keras.ops.gelu(convolution(states), approximate=False) * mask

    def plain_maximum(states, mask, training):
        return keras.ops.max(states + (mask - 1) * 6e4, axis=1, keepdims=True)

    monkeypatch.setattr(text_cnn, "convolve_gelu", plain_convolution)
    monkeypatch.setattr(text_cnn, "maximum_over_text", plain_maximum)
    expected = changes()
    assert all(np.abs(change).max() > 1e-4 for change in expected)
    for ours, plain in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, plain, atol=1e-5, rtol=1e-4)
