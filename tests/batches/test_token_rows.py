"""Documents as rows of tokens: windows, the places of tokens, and outputs joined to documents."""

import numpy as np
import pytest

from kerasbert.batches.encoded import Windows
from kerasbert.batches.labeled import LabeledBatches, encode_texts, predict_outputs
from kerasbert.errors import InputError
from kerasbert.heads.head import Head
from kerasbert.heads.tokens import TokenOutputs, object_array
from kerasbert.inference.predictor import Predictor
from kerasbert.text.documents import LabeledDocument
from kerasbert.tokenizer.training import train_tokenizer

pytestmark = pytest.mark.backend

WORDS = [f"w{n}" for n in range(40)]
TEXTS = [" ".join(WORDS[:n]) for n in (3, 0, 30, 7)]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([" ".join(WORDS)] * 2, style="word")


def rows_of(tokenizer, texts, overlap=2, max_length=10):
    return encode_texts(texts, tokenizer, max_length, Windows(overlap, rows=True))


def test_nothing_is_lost_and_windows_overlap(tokenizer):
    rows = rows_of(tokenizer, [(text,) for text in TEXTS])
    ids = tokenizer.encode(TEXTS)
    special = tokenizer.special
    held = {n: set() for n in range(4)}
    for number, row in enumerate(rows.places.rows):
        token_ids = rows.rows(np.array([number]), 10)["token_ids"][0]
        expected = ids[row.document][row.first : row.first + row.count].tolist()
        assert token_ids[: row.count + 2].tolist() == [special.cls, *expected, special.sep]
        assert (token_ids[row.count + 2 :] == special.pad).all()
        held[row.document] |= set(range(row.first, row.first + row.count))
    assert [len(held[n]) for n in range(4)] == [3, 0, 30, 7]
    firsts = [row.first for row in rows.places.rows if row.document == 2]
    assert firsts == [0, 6, 12, 18, 24]  # 8 tokens a row, 2 of them shared
    assert [len(found) for found in rows.places.by_document()] == [1, 1, 5, 1]


def test_pairs_have_the_first_text_in_every_row(tokenizer):
    rows = rows_of(tokenizer, [("w1 w2", text) for text in TEXTS])
    first = tokenizer.encode(["w1 w2"])[0].tolist()
    inputs = rows.rows(np.arange(len(rows)), 10)
    for number, row in enumerate(rows.places.rows):
        assert inputs["token_ids"][number, 1:3].tolist() == first and row.at == 4
        length = rows.lengths[number]
        assert inputs["segment_ids"][number, :length].tolist() == [0] * 4 + [1] * (length - 4)
    long = rows_of(tokenizer, [(TEXTS[2], TEXTS[2])])
    assert long.truncated == 1 and long.places.rows[0].at == 5


def test_rows_too_short_for_a_window(tokenizer):
    with pytest.raises(InputError, match="--max-length 6"):
        rows_of(tokenizer, [(TEXTS[2],)], overlap=4, max_length=6)


def test_each_token_is_told_by_the_row_that_shows_most_around_it(tokenizer):
    rows = rows_of(tokenizer, [(text,) for text in TEXTS])
    # Every output says its row and its position.
    outputs = [
        np.array([[number, at] for at in range(int(length))], float)
        for number, length in enumerate(rows.lengths)
    ]
    joined = list(TokenOutputs(rows.places, outputs).joined())
    assert [len(part) for part in joined] == [3, 0, 30, 7]
    places = rows.places.rows
    for document, part in enumerate(joined):
        for token, (number, at) in enumerate(part.astype(int)):
            assert places[number].document == document
            assert places[number].first + at - places[number].at == token
    # Tokens 6 and 7 stand in rows 0 and 1 of the text: 6 has one behind it in the one row and none
    # before it in the other.
    assert joined[2][6:8, 0].astype(int).tolist() == [2, 3]


class Capitals(Head):
    """Which tokens begin with a capital letter, said by an output that copies the ids."""

    name, figures, best, by_token = "capitals", ("right",), "right", True

    def encode(self, documents):
        return object_array([d.texts[0] for d in documents])

    def row_targets(self, gold, places):
        return [
            None if not row.count else np.full(row.count + 2, row.document) for row in places.rows
        ]

    def token_targets(self, found, length):
        made = np.full((len(found), length), -1)
        for row, target in enumerate(found):
            made[row, : len(target)] = target
        return made

    def answers(self, outputs, decision=None, **options):
        return [
            {"ids": part[:, 0].astype(int).tolist(), "end": int(ends[-1])}
            for part, ends in zip(outputs.joined(), outputs.places.ends, strict=True)
        ]


def copying(vocabulary_size):
    import keras

    inputs = {n: keras.Input((None,), dtype="int32", name=n) for n in ("token_ids", "segment_ids")}
    copied = keras.layers.Lambda(lambda ids: keras.ops.cast(ids, "float32")[..., None])
    return keras.Model(inputs, copied(inputs["token_ids"]))


def test_batches_are_of_rows(tokenizer):
    documents = [LabeledDocument((text,), (), n) for n, text in enumerate(TEXTS)]
    batches = LabeledBatches(
        documents, tokenizer, Capitals(), max_length=10, batch_size=3, windows=Windows(2, rows=True)
    )
    assert len(batches.texts) == 8 and len(batches.gold) == 4
    assert len(batches.rows) == 7  # the empty one is learned from by nobody
    seen = set()
    for step in range(batches.steps_per_epoch):
        inputs, target = batches.batch(step)
        assert target.shape == inputs["token_ids"].shape
        assert ((inputs["token_ids"] != tokenizer.special.pad) == (target >= 0)).all()
        seen |= set(target[target >= 0].tolist())
    assert seen == {0, 2, 3}


@pytest.mark.parametrize("batch_size", [1, 3, 64])
def test_answers_of_documents_follow_from_rows_in_any_batch(tokenizer, batch_size):
    model = copying(tokenizer.vocabulary_size)
    rows = rows_of(tokenizer, [(text,) for text in TEXTS])
    outputs = predict_outputs(model, rows, batch_size)
    assert [len(one) for one in outputs.rows] == rows.lengths.tolist()
    for found, ids in zip(outputs.joined(), tokenizer.encode(TEXTS), strict=True):
        assert found[:, 0].tolist() == ids.tolist()


def test_the_predictor_joins_windows(tokenizer):
    ask = Predictor.of(copying(0), tokenizer, Capitals(), max_length=10)
    order = [2, 0, 3]
    answers = ask([TEXTS[n] for n in order])
    for answer, n in zip(answers, order, strict=True):
        assert answer["ids"] == tokenizer.encode([TEXTS[n]])[0].tolist()
        assert answer["end"] == len(TEXTS[n])
    assert ask([TEXTS[1]]) == [{}]
