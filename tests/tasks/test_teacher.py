"""The teacher's vectors: which row gets which, the loss and its figures."""

import keras
import numpy as np
import pytest

from kerasbert import PretrainingBatches
from kerasbert.tasks import DocumentWords, TeacherVectors
from kerasbert.tasks.held_out import Batch
from kerasbert.tasks.teacher import CosineDistance


@pytest.mark.parametrize("part", ["train", "valid"])
def test_every_row_gets_its_own_vector_in_any_order(store, part):
    batches = PretrainingBatches(store, [TeacherVectors(2)], max_length=16, part=part)
    rows = batches.total_rows
    table = batches.blocks.table(np.arange(len(batches.blocks.rows)))
    np.testing.assert_array_equal(table.numbers, np.arange(rows))
    batches.vectors = np.stack([np.arange(rows), np.arange(rows)], axis=1)
    seen = set()
    for step in range(batches.steps_per_epoch):
        inputs, targets, weights = batches.batch(step)
        for ids, target in zip(inputs["token_ids"], targets["teacher"], strict=True):
            number = int(target[0])
            text = table.text.token_ids[table.starts[number] : table.ends[number]]
            np.testing.assert_array_equal(ids[1 : len(text) + 1], text)
            seen.add(number)
        assert (weights["teacher"] == 1).all()
    assert seen == set(range(rows))


def test_blocks_of_an_epoch_know_their_rows(store):
    """A table of some blocks, as an epoch reads them."""
    batches = PretrainingBatches(store, [TeacherVectors(2)], max_length=16)
    whole = batches.blocks.table(np.arange(len(batches.blocks.rows)))
    chosen = np.arange(len(batches.blocks.rows))[1::2]
    assert len(chosen)
    some = batches.blocks.table(chosen)
    for row, number in enumerate(some.numbers):
        np.testing.assert_array_equal(
            some.text.token_ids[some.starts[row] : some.ends[row]],
            whole.text.token_ids[whole.starts[number] : whole.ends[number]],
        )


def test_it_foretells_the_whole_row_from_a_window(store):
    tasks = [DocumentWords(store.tokenizer.vocabulary_size), TeacherVectors(3)]
    batches = PretrainingBatches(store, tasks, max_length=32, batch_size=8)
    batches.vectors = np.ones((batches.total_rows, 3), np.float16)
    inputs, targets, _ = batches.batch(0)
    assert (inputs["token_ids"] == 0).sum() > (targets["document_words"] == 0).sum()
    assert targets["teacher"].shape == (8, 3) and targets["teacher"].dtype == np.float32


def test_without_vectors_it_says_what_it_needs(store):
    with pytest.raises(ValueError, match="vectors="):
        PretrainingBatches(store, [TeacherVectors(3)], max_length=32).batch(0)


def test_a_row_without_a_vector_weighs_nothing(store):
    batches = PretrainingBatches(store, [TeacherVectors(3)], max_length=32, batch_size=8)
    batches.vectors = np.ones((batches.total_rows, 3), np.float16)
    batches.vectors[::2] = np.nan
    _, targets, weights = batches.batch(0)
    known = weights["teacher"] == 1
    assert 0 < known.sum() < 8 and (targets["teacher"][known] == 1).all()
    assert (targets["teacher"][~known] == 0).all() and (weights["teacher"][~known] == 0).all()


def test_the_loss_is_the_cosine_distance():
    rng = np.random.default_rng(0)
    target, output = rng.normal(size=(2, 4, 3)).astype(np.float32)
    cosine = (target * output).sum(1) / np.linalg.norm(target, axis=1)
    expected = 1 - cosine / np.linalg.norm(output, axis=1)
    found = keras.ops.convert_to_numpy(CosineDistance(2.0).call(target, output))
    np.testing.assert_allclose(found, 2 * expected, rtol=1e-5)
    assert CosineDistance.from_config(CosineDistance(2.0).get_config()).scale == 2.0


def test_a_vector_of_zeros_has_a_gradient():
    target, output = np.ones((1, 3), np.float32), np.zeros((1, 3), np.float32)
    found = keras.ops.convert_to_numpy(CosineDistance().call(target, output))
    assert np.isfinite(found).all()


def test_its_figures_are_those_of_the_rows_and_of_their_mean():
    class Said:
        def predict_on_batch(self, inputs):
            return inputs["said"]

    unit = np.eye(3, dtype=np.float32)[:2]
    said = np.array([[2.0, 0.0, 0.0], [3.0, 0.0, 0.0]], np.float32)
    batch = Batch({"said": said}, {"teacher": unit}, {"teacher": np.ones(2, np.float32)})
    found = TeacherVectors(3).score(Said(), [batch], None)
    np.testing.assert_allclose(found["val_loss_teacher"], 0.5)
    np.testing.assert_allclose(found["mean_loss_teacher"], 1 - np.sqrt(0.5))
