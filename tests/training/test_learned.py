"""What pre-training has learned, in a model whose embeddings and answers are set by hand."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerasbert.tasks.task import Rows
from kerasbert.tokenizer.spelling import Speller
from kerasbert.tokenizer.training import train_tokenizer
from kerasbert.training.learned import guessed_words, nearest_words

TEXTS = ["the old cat saw a dog", "the old dog saw a cat", "a rose, an oak and the old tree"] * 9


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, "word", 40)


def test_words_whose_embeddings_agree_are_near(tokenizer):
    words = tokenizer.whole_words()
    table = np.random.default_rng(0).normal(size=(tokenizer.vocabulary_size, 64))
    table[words["cat"]] = 3 * table[words["dog"]]
    layer = SimpleNamespace(token_table=table.astype("float32"))
    model = SimpleNamespace(get_layer={"embedding": layer}.__getitem__)
    shares = np.full(tokenizer.vocabulary_size, 0.01)
    for rank, word in enumerate(("cat", "dog", "old", "saw", "rose", "oak")):
        shares[words[word]] = 0.5 - rank / 20
    rows = {row["word"]: row["nearest"] for row in nearest_words(model, tokenizer, shares)}
    assert rows["dog"]["cat"] == 1.0 and next(iter(rows["dog"])) == "cat"
    assert "dog" not in rows["dog"] and "tree" not in rows["dog"]  # hardly ever seen


@pytest.mark.parametrize("packed", [False, True])
def test_a_word_of_each_text_is_hidden_and_guessed(tokenizer, packed):
    words, special = tokenizer.whole_words(), tokenizer.special
    ids = np.array([[special.cls, *tokenizer.encode(TEXTS[:1])[0], special.sep, special.pad]])
    rows = Rows(ids.astype("int32"), ids * 0, np.isin(ids, special.ids), ids[:, 0], ids[:, 0] > 0)
    names = ["token_ids", "segment_ids", "masked_positions"]
    names += ["document_ids", "position_ids"] if packed else []
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    favourite = np.zeros(tokenizer.vocabulary_size, "float32")
    favourite[[words["dog"], words["saw"]]] = 9, 8
    favourite[special.mask] = 99  # no guess
    zeros = keras.layers.Rescaling(0.0)(inputs["masked_positions"][..., None])
    for name in names:
        zeros = zeros + keras.layers.Rescaling(0.0)(inputs[name][:, :1, None])
    output = zeros + keras.ops.convert_to_tensor(favourite)
    model = keras.Model(inputs, {"masked_lm": output})
    store = SimpleNamespace(tokenizer=tokenizer)
    valid = SimpleNamespace(store=store, special=special, rows=lambda step: rows)
    (found,) = guessed_words(model, valid)
    assert found["word"] in ("cat", "saw")
    assert f"{found['before']} {found['word']} {found['after']}" == TEXTS[0]
    assert list(found["guesses"])[:2] == ["dog", "saw"]
    assert found["guesses"]["dog"] == pytest.approx(np.e / (1 + np.e), abs=0.01)


def test_ids_are_spelled_as_they_were_written(tokenizer):
    ids = tokenizer.encode([TEXTS[2]])[0]
    assert Speller(tokenizer)(ids) == TEXTS[2]
    pieces = train_tokenizer(["playing played player"] * 9, "wordpiece", 30)
    assert Speller(pieces)(pieces.encode(["playing played"])[0]) == "playing played"
    chinese = train_tokenizer(["我们是中国人, ok"] * 9, "char", 40)
    assert Speller(chinese)(chinese.encode(["我们是人"])[0]) == "我们是人"
