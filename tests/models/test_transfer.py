"""What an embedding begins with, beside the weights of a run."""

import keras
import numpy as np

from kerasbert.config import CONFIGS
from kerasbert.models import begin_with_vectors, build_embedding, repeat_positions


def embedding_of(name="transformer", **settings):
    config = CONFIGS[name](**{"vocabulary_size": 40, "d_model": 8, "max_positions": 20} | settings)
    embedding = build_embedding(config)
    embedding.build((None, None))
    return embedding


def table_of(weight):
    return np.array(keras.ops.convert_to_numpy(weight))


def test_positions_never_trained_begin_as_those_before_them():
    embedding = embedding_of(positions="learned")
    before = table_of(embedding.position_table)
    assert not repeat_positions(embedding, trained=8, length=8)
    np.testing.assert_array_equal(table_of(embedding.position_table), before)
    assert repeat_positions(embedding, trained=8, length=12)
    after = table_of(embedding.position_table)
    np.testing.assert_array_equal(after[:8], before[:8])
    np.testing.assert_array_equal(after[8:16], before[:8])
    np.testing.assert_array_equal(after[16:], before[:4])


def test_where_there_is_no_table_nothing_happens():
    assert not repeat_positions(embedding_of(positions="rotary", heads=4), trained=8, length=12)
    assert not repeat_positions(embedding_of("text-cnn"), trained=8, length=12)
    assert not repeat_positions(keras.layers.Embedding(40, 8), trained=8, length=12)


def test_word_vectors_take_their_rows_at_the_scale_of_the_table():
    embedding = embedding_of("text-cnn")
    before = table_of(embedding.token_table)
    vectors = np.random.default_rng(0).normal(size=(10, 8)).astype(np.float32) * 50
    ids = np.arange(5, 25, 2)
    begin_with_vectors(embedding, ids, vectors)
    after = table_of(embedding.token_table)
    others = np.setdiff1d(np.arange(40), ids)
    np.testing.assert_array_equal(after[others], before[others])
    ratio = after[ids] / vectors
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)
    assert 0.9 < after[ids].std() / before.std() < 1.1
