import keras
import numpy as np
import pytest

from kerasbert.tasks.document_words import BagOfTokensLoss
from kerasbert.tasks.token_cross_entropy import TokenCrossEntropy

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(2, 3, 7)).astype(np.float32)
TARGET = RNG.integers(0, 7, (2, 3)).astype(np.int32)
WEIGHT = np.array([[1, 1, 0], [1, 0, 0]], np.float32)


def test_it_is_the_mean_over_weighted_tokens():
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    nats = -np.log(np.take_along_axis(shares, TARGET[..., None], axis=-1))[..., 0]
    found = TokenCrossEntropy()(TARGET, LOGITS, sample_weight=WEIGHT)
    expected = (nats * WEIGHT).sum() / 3
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), expected, rtol=1e-5)
    plain = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="mean_with_sample_weight"
    )
    same = keras.ops.convert_to_numpy(plain(TARGET, LOGITS, sample_weight=WEIGHT))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), same, rtol=1e-6)


def test_it_is_made_anew_from_its_config():
    loss = TokenCrossEntropy(name="masked_lm_loss")
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is TokenCrossEntropy
    assert (again.name, again.reduction) == ("masked_lm_loss", "mean_with_sample_weight")
    logits = np.zeros((1, 1, 4), np.float32)
    found = keras.ops.convert_to_numpy(again(np.zeros((1, 1), np.int32), logits))
    np.testing.assert_allclose(found, np.log(4), rtol=1e-6)


@pytest.mark.parametrize("wrong", [-1, 7])
def test_a_token_that_is_not_there(wrong, monkeypatch):
    from kerasbert.layers import ids

    target = TARGET.copy()
    target[1, 2] = wrong
    with pytest.raises(ValueError, match=rf"target: .*0 to 6\. Received: .*{wrong}"):
        TokenCrossEntropy()(target, LOGITS)
    with pytest.raises(ValueError, match=rf"target: .*0 to 2\. Received: .*{wrong}"):
        BagOfTokensLoss()(np.where(target == wrong, wrong, 0), LOGITS[:, 0, :3])
    monkeypatch.setattr(ids, "known_values", lambda tensor: None)  # as in a compiled step
    found = keras.ops.convert_to_numpy(TokenCrossEntropy(reduction="none")(target, LOGITS))
    right = keras.ops.convert_to_numpy(TokenCrossEntropy(reduction="none")(TARGET, LOGITS))
    np.testing.assert_array_equal(np.isnan(found), target == wrong)
    np.testing.assert_array_equal(found[target != wrong], right[target != wrong])
