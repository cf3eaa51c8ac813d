"""Several documents in a row: every one once, none over the edge, and none sees another."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasbert.batches import PretrainingBatches
from kerasbert.batches.packing import pack_rows
from kerasbert.config import TextCNNConfig, TransformerConfig
from kerasbert.errors import InputError
from kerasbert.models import build_embedding, build_encoder
from kerasbert.models.encoder import encode
from kerasbert.tasks import DocumentWords, MaskedLM, NextSentence

TRANSFORMER = {"d_model": 16, "layers": 2, "heads": 2, "vocabulary_size": 50}
ENCODERS = [
    TextCNNConfig(d_model=16, vocabulary_size=50),
    TextCNNConfig(d_model=16, vocabulary_size=50, positions="learned"),
    TransformerConfig(**TRANSFORMER),
    TransformerConfig(**TRANSFORMER, positions="rotary"),
    TransformerConfig(**TRANSFORMER, d_v=5),
]


def test_the_longest_rows_come_first_and_take_in_what_fits():
    packs = pack_rows(np.array([3, 9, 4, 3, 1]), max_length=10)
    assert [packs[0].tolist(), packs[1].tolist()] == [[1, 4], [2, 0, 3]]
    assert packs.lengths.tolist() == [10, 10]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=200), st.integers(0, 4))
def test_every_row_comes_once_and_no_pack_is_too_long(lengths, gap):
    packs = pack_rows(np.array(lengths), 20, gap)
    assert sorted(packs.members.tolist()) == list(range(len(lengths)))
    for number, taken in enumerate(packs.lengths):
        members = packs[number]
        assert taken == sum(lengths[i] for i in members) + gap * (len(members) - 1) <= 20
    # No two packs could have been one: the rows of the later one did not fit.
    for number in range(len(packs.lengths) - 1):
        room = 20 - packs.lengths[number] - gap
        assert all(lengths[i] > room for i in packs[number + 1])


@pytest.fixture
def packed(store):
    task = MaskedLM(store.tokenizer.vocabulary_size)
    settings = {"max_length": 128, "batch_size": 8, "seed": 3}
    return PretrainingBatches(store, [task], pack=True, gap=2, **settings)


def test_packed_rows_hold_all_text_with_less_padding(store, packed):
    plain = PretrainingBatches(store, packed.tasks, max_length=128, batch_size=8, seed=3)
    assert packed.padding_share() < plain.padding_share()
    found = []
    for step in range(packed.steps_per_epoch):
        rows = packed.rows(step)
        for ids, documents, positions in zip(
            rows.token_ids, rows.document_ids, rows.position_ids, strict=True
        ):
            for number in range(1, documents.max() + 1):
                place = np.flatnonzero(documents == number)
                assert positions[place].tolist() == list(range(len(place)))
                assert ids[place[0]] == 2 and ids[place[-1]] == 3
                found.append(tuple(ids[place[1:-1]]))
        assert not rows.token_ids[rows.document_ids == 0].any()
    table, _ = packed.chosen(0)
    texts = {
        tuple(table.text.token_ids[start:end])
        for start, end in zip(table.starts, table.ends, strict=True)
    }
    assert set(found) == texts


def test_a_span_ends_with_its_document(store):
    task = MaskedLM(store.tokenizer.vocabulary_size, unit="span", rate=0.5)
    batches = PretrainingBatches(store, [task], max_length=128, batch_size=8, pack=True)
    rows = batches.rows(0)
    units = task._choose(rows, ~rows.special, (~rows.special).sum(1) // 2, np.random.default_rng(0))
    for row, documents in zip(units, rows.document_ids, strict=True):
        for unit in set(row) - {0}:
            assert len(set(documents[row == unit])) == 1


@pytest.mark.parametrize(
    "config", ENCODERS, ids=lambda config: f"{config.encoder}-{config.positions}"
)
def test_a_document_is_encoded_as_if_it_were_alone(config):
    """The states of a document do not depend on its neighbours in the row."""
    embedding, encoder = build_embedding(config, 1), build_encoder(config, 2)
    inputs, _, states = encode(embedding, encoder, packed=True)
    together = keras.Model(inputs, states)
    inputs, _, states = encode(embedding, encoder)
    alone = keras.Model(inputs, states)

    rng = np.random.default_rng(0)
    documents = [np.append(np.append(2, rng.integers(5, 50, n)), 3) for n in (9, 3, 14)]
    gap = encoder.document_gap
    row = {
        name: np.zeros((1, 48), np.int32)
        for name in ("token_ids", "segment_ids", "document_ids", "position_ids")
    }
    at, places = 0, []
    for number, ids in enumerate(documents, start=1):
        place = slice(at, at + len(ids))
        row["token_ids"][0, place], row["document_ids"][0, place] = ids, number
        row["position_ids"][0, place] = np.arange(len(ids))
        places.append(place)
        at += len(ids) + gap
    found = keras.ops.convert_to_numpy(together(row))[0]
    for ids, place in zip(documents, places, strict=True):
        expected = alone({"token_ids": ids[None], "segment_ids": np.zeros_like(ids)[None]})
        expected = keras.ops.convert_to_numpy(expected)[0]
        np.testing.assert_allclose(found[place], expected, atol=2e-5)

    # Other neighbours, the same states.
    changed = {name: value.copy() for name, value in row.items()}
    changed["token_ids"][0, places[0]] = rng.integers(5, 50, len(documents[0]))
    changed["token_ids"][0, places[2]] = rng.integers(5, 50, len(documents[2]))
    again = keras.ops.convert_to_numpy(together(changed))[0]
    np.testing.assert_allclose(again[places[1]], found[places[1]], atol=2e-5)
    assert np.abs(again[places[0]] - found[places[0]]).max() > 0.01


def test_what_sees_a_whole_row_is_refused(store):
    size = store.tokenizer.vocabulary_size
    for task in (NextSentence(), DocumentWords(size, store.token_shares())):
        with pytest.raises(InputError, match=f"{task.name}: sees a row as one text"):
            PretrainingBatches(store, [MaskedLM(size), task], pack=True)


def test_an_encoder_that_lets_documents_mix_is_refused():
    class Own(keras.layers.Layer):
        def call(self, hidden, padding_mask):
            return hidden

    with pytest.raises(ValueError, match="document_gap"):
        encode(build_embedding(ENCODERS[0]), Own(name="encoder"), packed=True)
