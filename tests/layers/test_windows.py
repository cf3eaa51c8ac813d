import numpy as np
import pytest
from keras import ops

from kerasbert.layers import FoldWindows, PoolWindows

IDS = np.array([[2, 7, 3, 2, 8, 3, 0, 0, 0], [2, 9, 3, 0, 0, 0, 0, 0, 0]], np.int32)  # B 2, W 3
STATES = np.arange(12, dtype=np.float32).reshape(6, 2) - 20  # below 0: padding would win a maximum


def pool(mode, states=STATES, ids=IDS):
    folded = FoldWindows(3)(ids)
    layer = PoolWindows(mode)
    return np.asarray(ops.convert_to_numpy(layer(states, folded, ids))), layer


def test_each_window_becomes_a_row():
    folded = ops.convert_to_numpy(FoldWindows(3)(IDS))
    np.testing.assert_array_equal(folded, IDS.reshape(6, 3))
    assert FoldWindows.from_config(FoldWindows(3).get_config()).window == 3


def test_a_row_of_no_whole_windows_is_refused():
    with pytest.raises(ValueError, match=r"whole windows of 6 positions\. Received: \(2, 9\)"):
        FoldWindows(6)(IDS)  # 18 positions are three windows of 6, one of both texts


def test_windows_without_text_never_count():
    windows = STATES.reshape(2, 3, 2)
    expected = {
        "max": [windows[0, 1], windows[1, 0]],
        "mean": [windows[0, :2].mean(0), windows[1, 0]],
    }
    for mode, rows in expected.items():
        np.testing.assert_allclose(pool(mode)[0], rows)
    found, layer = pool("attention")
    scores = windows[0, :2] @ ops.convert_to_numpy(layer.score.kernel)[:, 0]
    share = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
    np.testing.assert_allclose(found[0], share @ windows[0, :2], rtol=1e-5)
    np.testing.assert_allclose(found[1], windows[1, 0], rtol=1e-5)


@pytest.mark.parametrize("mode", ["max", "mean", "attention"])
def test_a_text_without_any_window_is_zeros(mode):
    found, _ = pool(mode, ids=np.zeros_like(IDS))
    np.testing.assert_array_equal(found, np.zeros((2, 2)))


@pytest.mark.parametrize("mode", ["max", "mean", "attention"])
def test_more_padding_changes_nothing(mode):
    found, layer = pool(mode)
    wide = np.pad(IDS, ((0, 0), (0, 3)))
    states = np.concatenate([STATES.reshape(2, 3, 2), np.full((2, 1, 2), 9, np.float32)], 1)
    again = layer(states.reshape(8, 2), FoldWindows(3)(wide), wide)
    np.testing.assert_allclose(ops.convert_to_numpy(again), found, rtol=1e-6)


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="Received: 'sum'"):
        PoolWindows("sum")
