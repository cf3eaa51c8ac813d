"""The estimator of numbers: what it learns, how it is kept, and what it refuses."""

import json
import pickle

import numpy as np
import pytest

import kerasbert as kb
from kerasbert import cli

# A fit is a run of `finetune --head regression`, which is tested on every backend.
pytestmark = [pytest.mark.backend, pytest.mark.in_turn]

SMALL = {
    "d_model": 8, "epochs": 6, "max_length": 12, "tokenizer": "word", "learning_rate": 0.05,
    "verbose": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    """Texts in which a number is that of their cats, with a dog for each that is missing."""
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 8, 120)
    names = [f"{rng.integers(10_000)}" for _ in counts]  # so that no text is the copy of another
    texts = [
        f"{name} {'cat ' * count}{'dog ' * (7 - count)}"
        for name, count in zip(names, counts, strict=True)
    ]
    return texts, counts * 0.5 + 10


@pytest.fixture(scope="module")
def fitted(data):
    return kb.TextRegressor(**SMALL, valid_share=0.25).fit(*data)


def test_it_learns_in_the_numbers_own_unit(fitted, data):
    texts, numbers = data
    found = fitted.predict(texts)
    assert found.shape == (120,) and found.dtype == np.float64
    assert np.abs(found - numbers).mean() < 0.5 and fitted.score(texts, numbers) > 0.7
    low, high = fitted.predict_interval(texts[:2]).T
    np.testing.assert_allclose((low + high) / 2, found[:2], rtol=1e-6)
    assert fitted.predict([]).shape == (0,)


def test_score_is_that_of_scikit_learn(fitted, data):
    r2_score = pytest.importorskip("sklearn.metrics").r2_score
    texts, numbers = data
    weights = np.arange(1.0, 41.0)
    expected = r2_score(numbers[:40], fitted.predict(texts[:40]), sample_weight=weights)
    assert fitted.score(texts[:40], numbers[:40], weights) == pytest.approx(expected)
    assert fitted.score(texts[:3], [10.0] * 3) == r2_score([10.0] * 3, fitted.predict(texts[:3]))


def test_what_was_saved_or_pickled_answers_the_same(fitted, data, tmp_path, capsys):
    texts, _ = data
    expected = fitted.predict(texts)
    loaded = kb.TextRegressor.load(fitted.save(tmp_path / "saved"))
    assert loaded.get_params() == fitted.get_params()
    for other in (loaded, pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(other.predict(texts), expected)
    (tmp_path / "new.txt").write_text(f"{texts[0]}\n")
    capsys.readouterr()
    assert cli.main(["predict", "--model", f"{tmp_path}/saved", f"{tmp_path}/new.txt"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["value"] == pytest.approx(expected[0], rel=1e-5)
    with pytest.raises(kb.InputError, match="predicts labels, this is regression"):
        kb.TextClassifier.load(tmp_path / "saved")


def test_several_numbers_and_scikit_learns_tools(data):
    selection = pytest.importorskip("sklearn.model_selection")
    texts, numbers = data
    both = np.stack([numbers, -numbers], axis=1)
    several = kb.TextRegressor(**SMALL).fit(texts, both)
    assert several.predict(texts[:3]).shape == (3, 2)
    assert several.predict_interval(texts[:3]).shape == (3, 2, 2)
    longer = kb.TextRegressor(**SMALL | {"epochs": 20})
    assert selection.cross_val_score(longer, texts, numbers, cv=2).min() > 0.3


@pytest.mark.parametrize(
    "y, message",
    [
        (None, "the target y is None"),
        ([1.0, float("nan")] * 10, r"Input y contains NaN or None: y\[1\] has no number"),
        (["1", "2"] * 10, "y: expected numbers. Received: str"),
        ([1.0, None] * 10, r"Input y contains NaN or None: y\[1\]"),
        ([[1.0], [1.0, 2.0]] * 10, "Received: uneven rows"),
        ([1.0, 2.0], "inconsistent numbers of samples: 20 texts, 2 labels"),
        ([True, False] * 10, "y: expected numbers. Received: "),
    ],
)
def test_what_is_no_number_is_one_clear_error(y, message, data):
    with pytest.raises(ValueError, match=message):
        kb.TextRegressor(**SMALL).fit(data[0][:20], y)


def test_later_numbers_have_the_shape_of_the_first(fitted, data):
    with pytest.raises(
        ValueError, match=r"y: expected \(2,\), as in fit. Received: shape \(2, 2\)"
    ):
        fitted.score(data[0][:2], [[1.0, 2.0], [3.0, 4.0]])
