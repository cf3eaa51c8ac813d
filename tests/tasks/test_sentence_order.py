"""Pairs for sentence-order prediction."""

import numpy as np
import pytest

from kerasbert import NextSentence, PretrainingBatches, SentenceOrder
from kerasbert.errors import InputError


def test_half_of_the_pairs_are_swapped_and_both_are_of_one_document(store):
    batches = PretrainingBatches(store, [SentenceOrder()], max_length=64, batch_size=64)
    plain = PretrainingBatches(store, [], max_length=64, batch_size=64)
    swapped = pairs = 0
    for step in range(batches.steps_per_epoch):
        inputs, targets, weights = batches.batch(step)
        table, chosen = batches.chosen(step)
        for row, number in enumerate(chosen):
            if not weights["sentence_order"][row]:
                continue
            pairs += 1
            ids, segments = inputs["token_ids"][row], inputs["segment_ids"][row]
            text = (ids > 4) | (ids == 1)
            first, second = ids[text & (segments == 0)], ids[text & (segments == 1)]
            text_of_row = table.text.token_ids[table.starts[number] : table.ends[number]]
            in_order = targets["sentence_order"][row] == 1
            swapped += not in_order
            parts = [first, second] if in_order else [second, first]
            np.testing.assert_array_equal(np.concatenate(parts), text_of_row)
    assert pairs > 100 and 0.35 < swapped / pairs < 0.65
    assert plain.pairs == "none"


def test_not_beside_next_sentence(store):
    with pytest.raises(InputError, match="choose one of them"):
        PretrainingBatches(store, [NextSentence(), SentenceOrder()])
