"""A tagger of texts in the way of scikit-learn."""

import pickle

import pytest

import kerasbert as kb

# A fit is a run of `finetune --head tagging`, which is tested on every backend.
pytestmark = [pytest.mark.backend, pytest.mark.in_turn]

NAMES = {"Anna": "person", "Bob Smith": "person", "Oslo": "place", "New York": "place"}


def data(count):
    texts, spans = [], []
    names = list(NAMES)
    for number in range(count):
        one, other = names[number % 4], names[(number // 4) % 4]
        text = f"{one} saw the {['old', 'new', 'tall'][number % 3]} oak in {other} again"
        texts.append(text)
        start = text.index(" in ") + 4
        spans.append([(0, len(one), NAMES[one]), (start, start + len(other), NAMES[other])])
    return texts, spans


@pytest.fixture(scope="module")
def fitted():
    tagger = kb.TextTagger(
        epochs=3, batch_size=4, d_model=16, learning_rate=0.02, tokenizer="word", max_length=16,
        verbose=False, crf=True, rival=False,
    )  # fmt: skip
    texts, spans = data(64)
    return tagger.fit(texts, spans, valid=data(16))


def test_it_answers_in_the_form_that_it_was_given(fitted):
    texts, spans = data(5)
    assert fitted.types_ == ("person", "place")
    assert fitted.predict(texts) == spans and fitted.score(texts, spans) == 1
    assert fitted.predict([["Anna", "saw", "Oslo", "again"]])[0][0] == "B-person"
    (found,) = fitted.predict_spans(texts[:1])
    assert found[0]["text"] == "Anna" and 0 < found[0]["probability"] <= 1


def test_saved_pickled_and_loaded_it_says_the_same(fitted, tmp_path):
    texts, _ = data(4)
    fitted.save(tmp_path / "run")
    for other in (kb.TextTagger.load(tmp_path / "run"), pickle.loads(pickle.dumps(fitted))):
        assert other.predict(texts) == fitted.predict(texts)
        assert other.get_params()["crf"] is True


def test_words_with_tags_are_as_good(fitted):
    words, tags = ["Anna", "met", "Bob"], ["B-person", "O", "B-person"]
    tagger = kb.TextTagger(epochs=1, d_model=8, tokenizer="word", max_length=8, verbose=False,
                           rival=False)  # fmt: skip
    tagger.fit([words] * 12, [tags] * 12, valid=([words] * 3, [tags] * 3))
    assert len(tagger.predict([words])[0]) == 3


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["Anna met"], [[(0, 3, "x")]], r"X\[0\]: .*inside of the word 'Anna'"),
        ([["a", "b"]], [["O"]], r"2 words and 1 tags"),
        ([["a", "b"]], [["O", "I-x"]], r"I-x follows O"),
        (["a", ""], [[], []], r"X\[1\]: an empty text"),
        (["a"], [], r"1 texts and 0 of y"),
        ([3], [[]], r"expected a string or a list of words"),
    ],
)
def test_what_does_not_fit_is_said(X, y, message):
    with pytest.raises(ValueError, match=message):
        kb.TextTagger().fit(X, y)
